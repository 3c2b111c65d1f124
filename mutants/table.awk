# SPDX-License-Identifier: GPL-2.0-only
# The results of score as tables in Markdown; their fields are those of try.
function count(key) {
	n[key, "changes"]++
	if (verdict == "does not compile" || verdict == "same code")
		n[key, "none"]++
	else
		n[key, column[verdict]]++
	if (!(key in seen)) {
		seen[key]
		keys[++key_count] = key
	}
	time[key] += $4
	cpu[key] += $11
}
function row(key,    valid, seen_ones) {
	seen_ones = n[key, "test"] + n[key, "skip"] + n[key, "report"] + n[key, "dies"] + n[key, "hangs"]
	valid = n[key, "changes"] - n[key, "none"]
	printf "| %s | %d | %d | %d | %d | %d | %d | %d | %d | %s | %.1f | %.1f |\n", substr(key, 3), n[key, "changes"], n[key, "none"],
		n[key, "test"], n[key, "skip"], n[key, "report"], n[key, "dies"], n[key, "hangs"], n[key, "survived"],
		valid ? sprintf("%.0f %%", 100 * seen_ones / valid) : "-", time[key] / n[key, "changes"],
		cpu[key] / n[key, "changes"]
}
function table(what, first,    i) {
	print "\n| " what " | changes | none | a test fails | skips | kernel reports | dies | hangs | survived | seen | s | CPU s |"
	print "|---|---|---|---|---|---|---|---|---|---|---|---|"
	for (i = 1; i <= key_count; i++)
		if (substr(keys[i], 1, 1) == first)
			row(keys[i])
}
# Of code as a cell of a table.
function code(text) {
	gsub(/\|/, "\\|", text)
	return "`" (length(text) > 90 ? substr(text, 1, 87) "..." : text) "`"
}
BEGIN {
	column["test"] = "test"
	column["skip"] = "skip"
	column["report"] = "report"
	column["dies"] = column["not loaded"] = "dies"
	column["hangs"] = "hangs"
	column["survived"] = column["unreached"] = column["unfinished"] = "survived"
}
{
	verdict = $1
	split($7, part, "/")
	count("a all")
	count("o " part[3])
	count("f " part[1])
	if (column[verdict] == "survived")
		survivor[++survivors] = "| " $8 " | " code($9) " | " code($10) " | " part[3] " | " \
			(verdict == "survived" ? $5 " tests" : verdict) ($3 ? " (" $3 ")" : "") " | " $7 " |"
}
END {
	printf "%d of %d changes (seed %s), %d more marked as equivalent; locks in %s.\n", NR, sites - equivalent, seed, equivalent, locks
	table("operator", "o")
	row("a all")
	table("file", "f")
	if (!survivors)
		exit
	print "\n| survived | was | became | operator | after | id |"
	print "|---|---|---|---|---|---|"
	for (i = 1; i <= survivors; i++)
		print survivor[i]
}
