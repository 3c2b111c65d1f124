# SPDX-License-Identifier: GPL-2.0-only
# Usage: awk -v text=TEXT -v around=TEXT -f near.awk WORDS TESTS
# TESTS in an order for a change of the code TEXT, in what stands around it: by turns the next of them as they
# are, and of those whose WORDS (words.awk) are nearest: the fewer tests have a word, the more it says, and
# what is changed says twice as much. An attribute of a device is set where all tests come by, and one looks at it.

function wanted(text, weight, n, i, list) {
	n = split(tolower(text), list, /[^a-z0-9]+/)
	for (i = 1; i <= n; i++)
		if (length(list[i]) > 1)
			weights[list[i]] = weight
}

BEGIN {
	FS = "\t"
	wanted(around, 1)
	wanted(text, 2)
}
FILENAME == ARGV[1] {
	words[$1] = $2
	size[$1] = n = split($2, list, " ")
	for (i = 1; i <= n; i++)
		tests_with[list[i]]++
	all++
	next
}
{
	given[++count] = $1
	n = split(words[$1], list, " ")
	for (i = 1; i <= n; i++)
		if (list[i] in weights)
			score[$1] += weights[list[i]] * log(all / tests_with[list[i]])
	if (score[$1])
		near[++scored] = $1
	score[$1] /= (1 + size[$1]) ^ 0.25
}

# nearest: which of those that are left; the first of equals.
function nearest(best, i) {
	best = 1
	for (i = 2; i <= scored; i++)
		if (score[near[i]] > score[near[best]])
			best = i
	return best
}

function say(test) {
	if (!said[test]++)
		print test
}

END {
	for (g = 1; g <= count; g++) {
		if (scored && g <= 100) {
			best = nearest()
			say(near[best])
			score[near[best]] = -1
		}
		say(given[g])
	}
}
