# Hands a file out of the sandbox: $1 its path, $2 the most bytes that it may have, then the directories of which one must
# hold it. Says `file`, its bytes and a newline, then exactly so many bytes; or one line about what stands against it.
# It is judged by what was opened: whatever a path led to a moment ago may be another thing now.
no() {
  printf '%s\n' "$1"
  exit
}
exec 2>/dev/null
path=$1 most=$2
shift 2
[ -e "$path" ] || no absent
[ ! -d "$path" ] || no directory
# A FIFO would be waited for. One that is put there just now is, until the patience of whoever asked has ended.
[ -f "$path" ] || no special
[ -r "$path" ] || no unreadable
exec 4<"$path" || no unreadable
[ -f /proc/self/fd/4 ] || no special
at=$(readlink /proc/self/fd/4) within=
for place; do
  case $at in "$place"/*) within=yes ;; esac
done
[ "$within" ] || no outside
# Opened anew, for it moves on in what it counts; the old gVisor of Debian 12 answers no stat.
bytes=$(wc -c </proc/self/fd/4)
[ "$bytes" -le "$most" ] || no "big $bytes"
printf 'file %s\n' "$bytes"
exec head -c "$bytes" <&4
