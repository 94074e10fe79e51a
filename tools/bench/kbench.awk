# SPDX-License-Identifier: GPL-2.0-only
# Reads sample lines, prints a row a case and a column a file system: the median. With less=1 it is what
# the file system adds: less the median of the memcpy limit of the same case where there is one.
function median(text,	n, v, i, j, t)
{
	n = split(text, v)
	for (i = 2; i <= n; i++)
		for (j = i; j > 1 && v[j - 1] + 0 > v[j] + 0; j--) {
			t = v[j]; v[j] = v[j - 1]; v[j - 1] = t
		}
	return n % 2 ? v[(n + 1) / 2] : (v[n / 2] + v[n / 2 + 1]) / 2
}
$1 == "sample" {
	$6 = $6 ($3 == "kernel" ? "" : " user")
	if (!($6 in per))
		cases[++ncases] = $6
	if (!($5 in seen))
		columns[++ncolumns] = $5
	per[$6] = $7
	unit = $8
	seen[$5] = 1
	values[$6, $5] = values[$6, $5] " " $9
}
END {
	print unit ", medians" (less ? "; less memcpy where marked -" : "")
	printf "%-22s %-5s", "case", "per"
	for (c = 1; c <= ncolumns; c++)
		printf " %13s", columns[c]
	print ""
	for (i = 1; i <= ncases; i++) {
		limit = less && values[cases[i], "memcpy"] ? median(values[cases[i], "memcpy"]) : 0
		printf "%-22s %-5s", cases[i], per[cases[i]] (limit ? "-" : "")
		for (c = 1; c <= ncolumns; c++) {
			text = values[cases[i], columns[c]]
			if (text == "")
				printf " %13s", ""
			else
				printf " %13.1f", median(text) - (columns[c] ~ /^memcpy/ ? 0 : limit)
		}
		print ""
	}
}
