# SPDX-License-Identifier: GPL-2.0-only
# Runs a guest as a child that does not outlive boot, whatever ends boot. Sourced by boot.

# Ends the guest when its time is up, or when nobody holds the writing end of $work/alive any more; then
# removes $work. It has a session of its own, so that what hits boot's group does not hit it.
watcher='
	work=$1 timeout=$2
	exec 3< "$work/alive"
	status=0
	timeout "$timeout" cat <&3 > /dev/null || status=$?
	[ $status -ne 124 ] || : > "$work/late"
	pid=$(cat "$work/pid" 2> /dev/null) || pid=
	if [ -n "$pid" ]; then
		kill -KILL "-$pid" "$pid" 2> /dev/null
		# Its own children leave the group only after they are dead.
		tries=0
		while kill -0 "-$pid" 2> /dev/null && [ $((tries += 1)) -le 100 ]; do sleep 0.01; done
	fi
	# boot still has to read what came.
	cat <&3 > /dev/null
	rm -rf "$work"
'

start_watcher() {
	mkfifo "$work/alive" "$work/input"
	setsid sh -c "$watcher" watcher "$work" "$timeout" < /dev/null > /dev/null 2>&1 &
	watcher_pid=$!
	exec 9> "$work/alive"
	trap 'end_guest 130' INT
	trap 'end_guest 143' TERM
	trap 'end_guest 129' HUP
}

# leave STATUS: before there is a watcher.
leave() {
	[ -z "$work" ] || rm -rf "$work"
	exit "$1"
}

# make_work MIB: sets $work, a folder for this guest with so much room. UML maps its memory from a file
# there, so it had better be in memory itself.
make_work() {
	wanted=$(($1 * 1024)) work=
	trap 'leave 130' INT
	trap 'leave 143' TERM
	trap 'leave 129' HUP
	for dir in /dev/shm "${TMPDIR:-/tmp}" /tmp; do
		[ -d "$dir" ] && [ -w "$dir" ] || continue
		[ "$(df -Pk "$dir" | awk 'NR == 2 { print $4 }')" -gt "$wanted" ] || continue
		work=$(mktemp -d "$dir/tuntests-guest.XXXXXX") || continue
		printf '#!/bin/sh\n' > "$work/x" && chmod 755 "$work/x"
		# UML executes from that file.
		"$work/x" 2> /dev/null && start_watcher && return
		rm -rf "$work"
	done
	fail "no folder with $((wanted / 1024)) MiB for the guest (/dev/shm, TMPDIR, /tmp)"
}

# write_script COMMAND...: what the guest's init runs.
write_script() {
	{
		echo "cd $(quoted "$directory") 2> /dev/null || cd /"
		[ -z "$environment" ] || echo "export $environment"
		echo "exec $(quoted "$@")"
	} > "$work/script"
}

# limited: standard input to standard output; of what comes after $console_limit bytes only the end, which
# may say why the guest died. Nothing but the end of its input ends it: who writes must not be stopped.
limited() {
	stdbuf -o0 head -c "$console_limit"
	end=$(tail -c 65536)
	[ -z "$end" ] || printf '\ntuntests-guest: %s bytes of console; of the rest only the end:\n%s\n' \
		"$console_limit" "$end"
}

# show_console: it goes to standard output, and the last line, which holds the exit status, also to
# $work/status. $work/full is made when UML says that it gets no more memory; that it is empty needs no
# room. Serial lines end in \r\n.
show_console() {
	if [ -n "$shell" ]; then
		# A prompt is no line.
		tee "$work/log"
		sed -n '/tuntests-guest: exit [0-9]*\r*$/p' "$work/log" | tr -d '\r' > "$work/status"
	else
		sed -u -e 's/\r*$//' -e "/tuntests-guest: exit [0-9]*\$/w $work/status" \
			-e "/^Bus error - the host/e : > $work/full" | limited
	fi < "$work/console"
}

# feed: standard input to the guest, for --shell. It never ends there, as UML would hang up its console;
# the guest's terminal knows ^D.
feed() {
	if [ -t 0 ]; then
		terminal=$(stty -g)
		stty raw -echo opost
	fi
	exec 5<&0
	setpriv --pdeathsig KILL sh -c 'setpriv --pdeathsig KILL cat; printf "\004"' <&5 > "$work/input" 9>&- &
	feeder_pid=$!
}

# run_guest COMMAND...: the kernel as a child; its console to standard output, and our exit. Standard
# input is a pipe without end.
run_guest() {
	mkfifo "$work/console"
	trap - EXIT
	# Closed for a function alone, the shell would keep a copy.
	(exec 7>&- 8>&- 9>&-; show_console) &
	console_pid=$!
	[ -z "$shell" ] || feed
	[ -z "$started" ] || : > "$started"
	# setpriv and setsid become the kernel: its group is its process id, which $work/pid tells.
	setpriv --pdeathsig KILL setsid sh -c 'echo $$ > "$0" && exec "$@"' "$work/pid" "$@" \
		<> "$work/input" > "$work/console" 2>&1 9>&- &
	guest_pid=$!
	status=0
	# The shell would report how it was killed.
	wait $guest_pid 2> /dev/null || status=$?
	kill -KILL "-$guest_pid" 2> /dev/null || true
	rm -f "$work/pid"
	exec 7>&- 8>&-
	wait $console_pid ${channel_pid:-} || true
	result=$(verdict)
	[ ! -s "$work/share" ] || tar -C "$share" -xf "$work/share" 2> /dev/null ||
		say "$name: what came back for $share is not complete"
	end_guest "$result"
}

# unheard: what the guest says cannot be written, so it need not go on.
unheard() {
	: > "$work/unheard"
	kill -KILL "-$(cat "$work/pid")"
}

# verdict: the exit status that the guest's end means.
verdict() {
	if [ -e "$work/late" ]; then
		say "$name: time is up after $timeout s"
		echo 124
	elif [ -e "$work/unheard" ]; then
		say "$name: cannot write $channel"
		echo 2
	elif [ -s "$work/status" ]; then
		tail -n 1 "$work/status" | sed 's/.*exit //'
	elif [ -e "$work/full" ]; then
		say "$name: no room left in ${work%/*} for the guest's memory"
		echo 2
	elif [ -n "${accelerator:-}" ] && [ "$status" -eq 1 ]; then
		# A kernel that dies ends QEMU with 0; QEMU has said what is wrong with this one.
		say "$name: QEMU cannot start it"
		echo 3
	else
		say "$name: the guest died before the command ended (its kernel's exit status is $status)"
		echo 3
	fi
}

# end_guest STATUS: leaves when the watcher has cleaned up.
end_guest() {
	trap '' INT TERM HUP
	[ -z "${feeder_pid:-}" ] || kill -KILL "$feeder_pid" 2> /dev/null || true
	[ -z "${terminal:-}" ] || stty "$terminal"
	exec 9>&-
	wait $watcher_pid || true
	exit "$1"
}

# hidden DIR...: those below folders that init hides.
hidden() {
	for hidden_dir; do
		case $hidden_dir in /tmp/* | /run/* | /dev/shm/* | /var/tmp/*) echo "$hidden_dir" ;; esac
	done | sort -u
}

# processor N: one of those that we may run on. UML is one processor, and the processes it consists of take
# turns at each system call: that is fastest where they do not have to wake another of ours.
processor() {
	taskset -cp $$ | sed 's/.*: //' | tr , '\n' | awk -F- -v n="$1" '
		{ for (i = $1; i <= $NF; i++) allowed[count++] = i }
		END { print allowed[n % count] }'
}

boot_uml() {
	case $name in
	uml-debian) memory=${memory:-512} ;;
	# Each lock and each allocation has its record.
	uml-lockdep) memory=${memory:-2048} ;;
	*) memory=${memory:-1024} ;;
	esac
	make_work "$memory"
	directory=$(pwd -P)
	seen=
	for dir in $(hidden "$work" "$directory" "$here" "$(part modules)" \
		"$(dirname "$1")" $(for f in $files; do dirname "$f"; done)); do
		seen="$seen tuntests.see=$dir"
	done
	write_script "$@"
	mkdir "$work/modules"
	[ -z "$replaced" ] || cp $replaced "$work/modules"
	# UML cannot wait for a plain file.
	mkfifo "$work/channel" "$work/silence"
	{ cat "$work/channel" >> "${channel:-/dev/null}" || unheard; } 9>&- &
	channel_pid=$!
	# What is typed is for the console, so the serial line hears nothing.
	exec 7<> "$work/silence" 8> "$work/channel"
	# A panic would dump all of its memory.
	ulimit -c 0
	export TMPDIR="$work" HOME="$work" LD_PRELOAD="$(part preload)"
	# raid6 would measure its algorithms for a second.
	run_guest taskset -c "$(processor "$processor")" "$(part kernel)" quiet loglevel=4 initcall_blacklist=raid6_select_algo \
		mem="${memory}M" umid=guest uml_dir="$work" \
		root=/dev/root rootfstype=hostfs rootflags=/ rw con=null con0=fd:0,fd:1 ssl=null ssl0=fd:7,fd:8 \
		init="$busybox" BUSYBOX="$busybox" MODULES="$(part modules)" \
		tuntests.cmd="$work/script" tuntests.channel=/dev/ttyS0 \
		tuntests.modules="$work/modules" $(for dir in $share; do echo "tuntests.share=$dir"; done) ${outlives:+iomem=mmapper,"$outlives"} \
		$seen $append -- sh "$here/init"
}

# What a kernel under QEMU is told. The timer check and the watchdogs take a busy host for broken hardware;
# the rest saves time.
qemu_words="console=ttyS0 panic=-1 loglevel=4 no_timer_check tsc=reliable watchdog_thresh=60
	rcupdate.rcu_cpu_stall_timeout=120 mitigations=off cryptomgr.notests nokaslr"

# qemu ACCELERATOR OPTION...: prints its command line, a word per line.
qemu() {
	printf '%s\n' qemu-system-x86_64 -nodefaults -no-user-config -no-reboot -display none \
		-accel "$1" -cpu max,la57=off -smp "$cpus" -m "$memory" -kernel "$(part kernel)" -serial stdio
	shift
	printf '%s\n' "$@"
}

# accelerator: kvm if a kernel boots with it within 5 s, else tcg. /dev/kvm may be there and not work, so
# it is tried, once for each boot of this machine.
accelerator() {
	if [ ! -w /dev/kvm ]; then
		echo tcg,thread=multi
		return
	fi
	known=$cache/kvm-$(cat /proc/sys/kernel/random/boot_id)
	if [ ! -e "$known" ]; then
		found=tcg,thread=multi
		(
			IFS=$newline
			timeout -k 1 5 $(qemu kvm -initrd "$(part initrd)" \
				-append "console=ttyS0 panic=-1 no_timer_check") < /dev/null 2> /dev/null
		) | grep -q 'tuntests-guest: exit' && found=kvm
		rm -f "$cache"/kvm-*
		echo $found > "$known"
	fi
	cat "$known"
}

newline='
'

boot_qemu() {
	need qemu-system-x86_64 qemu-system-x86
	case $share in *" "*) fail "$name: under QEMU there is one --share" ;; esac
	memory=${memory:-1024}
	accelerator=$(accelerator)
	say "$name: $accelerator, $cpus processors, $memory MiB"
	make_work 128
	directory=/root
	case $1 in
	*/*) files="$files $1" ;;
	esac
	mkdir -p "$work/extra/tuntests/modules"
	write_script "$@"
	cp "$work/script" "$work/extra/tuntests/script"
	[ -z "$replaced" ] || cp $replaced "$work/extra/tuntests/modules"
	(cd "$work/extra" && find . | "$busybox" cpio -o -H newc -R 0:0 2> /dev/null) > "$work/extra.cpio"
	archives=$(part initrd)
	[ -z "$files" ] || archives="$archives $("$here/initramfs" files "$busybox" $files)" || exit 2
	cat $archives "$work/extra.cpio" > "$work/initrd"
	words="$(echo $qemu_words) tuntests.cmd=/tuntests/script tuntests.channel=port"
	words="$words tuntests.modules=/tuntests/modules"
	[ -z "$share" ] || words="$words tuntests.share=$share"
	IFS=$newline
	set -- $(qemu "$accelerator" -initrd "$work/initrd" -append "$words$append" \
		-chardev "file,id=serial,path=${channel:-/dev/null},append=on" -serial chardev:serial \
		-chardev "file,id=channel,path=${channel:-/dev/null},append=on" \
		-device virtio-serial-pci -device virtserialport,chardev=channel,name=tuntests \
		${outlives:+-object} ${outlives:+"memory-backend-file,id=outlives,share=on,mem-path=$outlives,size=$(stat -c %s "$outlives")"} \
		${outlives:+-device} ${outlives:+ivshmem-plain,memdev=outlives} \
		-chardev "file,id=share,path=$work/share" -device virtserialport,chardev=share,name=share)
	unset IFS
	run_guest "$@"
}
