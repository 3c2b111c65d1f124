#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
# The examples in docs/ci: what stands there is really run, with as few tests as will do; only building
# and installing packages is left out. And the kernel's own runner of kselftests runs what is installed.
. harness/test/tap.sh

# Debian's, which has Debian's modules.
python=/usr/bin/python3
$python -c 'import yaml' 2> /dev/null || skip_all "no python3-yaml here"

make=$(command -v make)
source=${XDG_CACHE_HOME:-$HOME/.cache}/tuntests/linux-source/current

# A tree as it is after `make`, and commands that are not tried here.
tree=$work/tree
mkdir -p "$tree/build" "$tree/cli" "$work/bin" "$work/home"
cp -r guest docs results "$tree/" 2> /dev/null
cp cli/check "$tree/cli/"
rm -rf "$tree/results/runs"
cp build/tuntests "$tree/build/real"
cat > "$tree/build/tuntests" <<'END'
#!/bin/sh
[ "$1" != run ] || set -- "$@" open.node open.makes_no_device
exec build/real "$@"
END
printf '#!/bin/sh\nexec "$@"\n' > "$work/bin/sudo"
printf '#!/bin/sh\necho "${0##*/} $*" >> "$ASKED"\n' | tee "$work/bin/make" > "$work/bin/apt-get"
chmod +x "$tree/build/tuntests" "$work/bin"/*
# guest/prepare needs the true one.
mkdir "$work/apt"
printf '#!/bin/sh\n[ "$1 $2" = "-q -o" ] || exec "%s/bin/apt-get" "$@"\nexec /usr/bin/apt-get "$@"\n' \
	"$work" > "$work/apt/apt-get"
chmod +x "$work/apt/apt-get"
ASKED=$work/asked
PATH=$work/apt:$work/bin:$PATH
HOME=$work/home
unset XDG_CACHE_HOME
export ASKED PATH HOME

# The ordinary user without a device, if we can be one.
as_user=
if [ "$(id -u)" = 0 ] && unshare -m true 2> /dev/null; then
	as_user='unshare -m sh -c "mount -t tmpfs none /dev/net && exec setpriv --reuid 65534 --regid 65534 \
		--clear-groups \"\$@\"" sh'
	chown -R 65534:65534 "$work"
	chmod 755 "$work"
fi
# user COMMAND...
user() { eval "$as_user \"\$@\""; }
# in_tree COMMAND...
in_tree() { (cd "$tree" && "$@"); }

# Writes each step of a job as a script, $work/step-1 ..., and the paths that it says are there afterwards;
# complains about what it does not understand.
cat > "$work/job.py" <<'END'
import sys, yaml
kind, file, name, work = sys.argv[1:]
top = yaml.safe_load(open(file))
if kind == "github":
    assert set(top) == {"name", True, "permissions", "jobs"}, top.keys()
    job = top["jobs"][name]
    assert set(job) <= {"runs-on", "container", "steps"}, job.keys()
    for step in job["steps"]:
        assert ("run" in step) != ("uses" in step), step
        assert set(step) <= {"name", "run", "uses", "with", "if"}, step.keys()
    scripts = [s["run"] for s in job["steps"] if "run" in s]
    upload = [s for s in job["steps"] if s.get("uses", "").startswith("actions/upload-artifact@")]
    assert len(upload) == 1 and upload[0]["if"] == "always()"
    paths = upload[0]["with"]["path"].split()
    paths += [s["with"]["path"] for s in job["steps"] if s.get("uses", "").startswith("actions/cache@")]
else:
    job = dict(top[top[name]["extends"]], **top[name])
    known = {"extends", "artifacts", "variables", "cache", "script", "rules"}
    assert set(job) <= known, job.keys()
    export = ["export %s=\"%s\"\n" % v for v in job.get("variables", {}).items()]
    scripts = ["".join(export) + "\n".join(top["default"]["before_script"] + job["script"])]
    assert job["artifacts"]["when"] == "always"
    paths = job["artifacts"]["paths"] + [job["artifacts"]["reports"]["junit"]]
    paths += job.get("cache", {}).get("paths", []) + job.get("cache", {}).get("key", {}).get("files", [])
for i, script in enumerate(scripts):
    open("%s/step-%d" % (work, i + 1), "w").write(script + "\n")
open(work + "/paths", "w").write("\n".join(paths) + "\n")
END

# run_job KIND FILE JOB USER: the steps as the service runs them.
run_job() {
	rm -rf "$work"/step-* "$tree/results/ci" "$tree/junit.xml"
	: > "$work/asked"
	chmod 666 "$work/asked"
	ok "$1, $3: is understood" $python "$work/job.py" "$1" "$2" "$3" "$work"
	for step in "$work"/step-*; do
		exits "... step ${step##*-}" 0 in_tree $4 env CI_PROJECT_DIR="$tree" \
			GITHUB_STEP_SUMMARY="$tree/summary" sh -e "$step"
	done
	for path in $(cat "$work/paths"); do
		case $path in
		"~/"*) ok "... leaves $path" test -s "$HOME/${path#"~/"}" ;;
		*) ok "... leaves $path" test -s "$tree/$path" ;;
		esac
	done
	ok "... junit.xml is well-formed" xmllint --noout --schema harness/test/junit.xsd "$tree/junit.xml"
	ok "... tests passed" grep -q '^# Totals: pass:[1-9]' "$tree/results/ci/results.ktap"
	ok "... installs packages, and builds" sh -c "grep -qx 'apt-get update' '$work/asked' &&
		grep -qx 'make setup' '$work/asked' && grep -q '^make -j' '$work/asked'"
}
# elsewhere: the tests ran on another kernel than ours.
elsewhere() { grep '"release"' "$tree/results/ci/results.json" | grep -qv "\"release\": \"$(uname -r)\""; }

# A cache of our own finds out if the guest can be had.
if ! in_tree user guest/prepare uml-debian > /dev/null 2> "$work/err"; then
	sed 's/^/# /' "$work/err"
	skip "jobs in a guest" "uml-debian cannot be had"
else
	run_job github docs/ci/github.yml guest user
	ok "... in the guest" elsewhere
	ok "... with a summary" grep -q '^# Totals: pass:' "$tree/summary"
	run_job gitlab docs/ci/gitlab.yml guest user
	ok "... in the guest" elsewhere
fi
if build/tuntests run -o "$work/probe" open.node > "$work/out" 2>&1; then
	run_job github docs/ci/github.yml running-kernel ""
	run_job gitlab docs/ci/gitlab.yml running-kernel ""
else
	skip "jobs on the running kernel" "it cannot be tested here"
fi

# The image: what it starts is there, and its lines are sound.
sed -n 's/^\([A-Z]\{1,\}\) .*/\1/p' docs/ci/Containerfile > "$work/out"
is "Containerfile: its instructions" "$(tr '\n' ' ' < "$work/out")" "FROM COPY WORKDIR RUN RUN ENTRYPOINT "
sed -n 's/^RUN //p' docs/ci/Containerfile > "$work/run"
ok "... are sound shell" sh -n "$work/run"
for file in $(sed -n 's/^ENTRYPOINT \[\(.*\)\]/\1/p' docs/ci/Containerfile | tr -d '",'); do
	ok "... $file is there" test -x "$file"
done

# LAVA: its own schema, and the steps with the program whose tests have every kind of result.
if $python -c 'import lava_common.schemas' 2> /dev/null; then
	ok "LAVA takes the test definition" $python -c 'import sys, yaml
from lava_common.schemas.test import testdef
testdef.validate(yaml.safe_load(open(sys.argv[1])))' docs/ci/lava.yaml
	ok "LAVA takes the job" $python -c 'import sys, yaml
from lava_common import schemas
schemas.validate(yaml.safe_load(open(sys.argv[1])))' docs/ci/lava-job.yaml
else
	skip "LAVA's schema" "no lava-common here"
fi
# What LAVA makes of a definition: parameters, then the steps, after set -ex.
cat > "$work/lava.py" <<'END'
import sys, yaml
d = yaml.safe_load(open(sys.argv[1]))
print("".join("%s='%s'\n" % p for p in {**d["parameters"], "TUNTESTS_ARGS": sys.argv[2]}.items()))
print("\n".join(["set -ex"] + d["run"]["steps"]))
open(sys.argv[3], "w").write("\n".join(sorted(d["install"]["deps"])) + "\n")
END
printf '#!/bin/sh\necho "$*" >> "$CASES"\n' > "$work/bin/lava-test-case"
chmod +x "$work/bin/lava-test-case"
export CASES="$work/cases"
cp build/demo "$tree/build/real"
# lava ARGUMENT: runs the definition with it as TUNTESTS_ARGS.
lava() {
	: > "$CASES"
	$python "$work/lava.py" docs/ci/lava.yaml "$1" "$work/deps" > "$work/lava.sh"
	in_tree env ASKED=/dev/null sh "$work/lava.sh"
}
cat > "$tree/build/tuntests" <<'END'
#!/bin/sh
exec build/real "$@"
END
exits "LAVA: tests of every kind" 0 \
	lava "demo.passes demo.fails demo.skips demo.bails demo.crashes demo.xfails demo.variants"
is "... each is a case" "$(sort "$CASES")" "demo.bails --result fail
demo.crashes --result fail
demo.fails --result fail
demo.passes --result pass
demo.skips --result skip
demo.variants.one --result pass
demo.variants.two --result pass
demo.xfails.one --result pass
demo.xfails.two --result skip
tuntests --result fail"
exits "LAVA: tests that pass" 0 lava "demo.passes"
is "... are a pass" "$(tail -n 1 "$CASES")" "tuntests --result pass"
exits "LAVA: tests that are skipped" 0 lava "demo.skips"
is "... are a skip" "$(tail -n 1 "$CASES")" "tuntests --result skip"
exits "LAVA: wrong usage" 0 lava "--nosuch"
is "... is a failure, without cases of an earlier run" "$(cat "$CASES")" "tuntests --result fail"
is "LAVA installs what packages.txt names" "$(cat "$work/deps")" \
	"$(sed 's/ *#.*//' packages.txt | grep . | sort)"

# The kernel's runner: beside its own tests, which stay in the list.
ksft=$work/dest/opt/kselftest
mkdir -p "$ksft/kselftest"
echo net:other > "$ksft/kselftest-list.txt"
ok "make install, into the kernel's folder" "$make" -s install DESTDIR="$work/dest" PREFIX=/usr \
	KSELFTEST=/opt/kselftest
ok "... once more" "$make" -s install DESTDIR="$work/dest" PREFIX=/usr KSELFTEST=/opt/kselftest
is "... the list" "$(cat "$ksft/kselftest-list.txt")" "net:other
tuntests:run_tuntests"
cp build/demo "$work/dest/usr/bin/tuntests"
PATH=$work/dest/usr/bin:$PATH
mkdir "$work/tmp"
export TMPDIR="$work/tmp"
cd "$ksft" || exit 2
exits "a test that passes" 0 tuntests/run_tuntests demo.passes
exits "a test that is skipped" 4 tuntests/run_tuntests demo.skips
is "... leave nothing behind" "$(ls "$TMPDIR")" ""
exits "a test that fails" 1 tuntests/run_tuntests demo.fails
ok "... leaves its results" sh -c 'test -s "$TMPDIR"/*/demo.fails/log'
exits "results in TUNTESTS_OUTPUT" 0 env TUNTESTS_OUTPUT="$work/kept" tuntests/run_tuntests demo.passes
ok "... are kept" test -s "$work/kept/results.json"

runner=
for dir in "$source" /usr/src/linux-source-6.12; do
	[ ! -e "$dir/tools/testing/selftests/run_kselftest.sh" ] || runner=$dir/tools/testing/selftests
done
if [ -z "$runner" ]; then
	skip "the kernel's runner" "no source of the kernel here (tuntests guest build uml-kasan fetches it)"
	done_testing
fi
cp "$runner/run_kselftest.sh" .
cp "$runner/kselftest/"*.sh "$runner/kselftest/"*.pl kselftest/
chmod +x run_kselftest.sh kselftest/*
# verdict ARGUMENT: the runner's line. It opens /dev/stdout anew, which had better be a pipe.
verdict() {
	KSELFTEST_RUN_TUNTESTS_ARGS=$1 ./run_kselftest.sh -t tuntests:run_tuntests 2>&1 | cat > "$work/out"
	grep -v '^#' "$work/out" | tail -n 1
}
is "the kernel's runner: a test that passes" "$(verdict demo.passes)" "ok 1 selftests: tuntests: run_tuntests"
ok "... its own KTAP is there" grep -q '^# *ok 1 demo.passes' "$work/out"
ok "... with our time-out" grep -qx '# timeout set to 1800' "$work/out"
is "... fails" "$(verdict demo.fails)" "not ok 1 selftests: tuntests: run_tuntests # exit=1"
is "... is skipped" "$(verdict demo.skips)" "ok 1 selftests: tuntests: run_tuntests # SKIP"
is "... is not there" "$(verdict nosuch)" "not ok 1 selftests: tuntests: run_tuntests # exit=2"
is "... is listed" "$(./run_kselftest.sh --list | tail -n 1)" "tuntests:run_tuntests"
done_testing
