# SPDX-License-Identifier: GPL-2.0-only
# The results of score as JSON; their fields are those of try.
function text(value,    part, n, i, quoted) {
	n = split(value, part, "\\")
	for (i = 1; i <= n; i++)
		quoted = quoted (i > 1 ? "\\\\" : "") part[i]
	gsub(/"/, "\\\"", quoted)
	gsub(/[\001-\037]/, " ", quoted)
	return "\"" quoted "\""
}
BEGIN { printf "{\"schema\": 1, \"changes\": [" }
{
	split($7, part, "/")
	printf "%s\n{\"id\": %s, \"verdict\": %s, \"by\": %s, \"said\": %s, \"seconds\": %s, \"cpu_s\": %s, \"ran\": %s, \"guest\": %s, " \
		"\"operator\": %s, \"place\": %s, \"text\": %s, \"replacement\": %s}", (NR > 1 ? "," : ""), text($7), text($1),
		text($2), text($3), $4, $11 + 0, $5, text($6), text(part[3]), text($8), text($9), text($10)
}
END { print "\n]}" }
