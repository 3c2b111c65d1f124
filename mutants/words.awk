# SPDX-License-Identifier: GPL-2.0-only
# `tuntests list --json`: a line TEST<TAB>WORDS for each test, with the words, once each, of its name, its
# title, and what the catalogue says of the behaviours it checks.

function words(text, n, i, list, said) {
	n = split(tolower(text), list, /[^a-z0-9]+/)
	for (i = 1; i <= n; i++)
		if (length(list[i]) > 1 && !seen[test, list[i]]++)
			said = said " " list[i]
	return said
}

/^      "id": "/ {
	test = $2
	gsub(/[",]/, "", test)
	tests[++count] = test
	text[test] = test
	next
}
/^      "title": / {
	sub(/^ *"title": /, "")
	text[test] = text[test] " " $0
}
/^      "behaviours": \[/ { checks = !/\]/; next }
checks && /\]/ { checks = 0 }
checks { behaviours[test] = behaviours[test] " " ($1 + 0) }
/^      "id": [0-9]/ { behaviour = $2 + 0 }
/^      "(sentence|expected)": / {
	sub(/^ *"[a-z]*": /, "")
	told[behaviour] = told[behaviour] " " $0
}
END {
	for (t = 1; t <= count; t++) {
		test = tests[t]
		n = split(behaviours[test], of, " ")
		for (b = 1; b <= n; b++)
			text[test] = text[test] " " told[of[b]]
		print test "\t" words(text[test])
	}
}
