#!/usr/bin/env bash
# Joins the pieces beside this script and unpacks them: ./join.sh [DIR], by default here. Checks
# every piece and the whole first. Needs bash, coreutils and tar.
set -u

fail() {
  printf 'join.sh: %s\n' "$1" >&2
  exit 1
}

here=$(cd -P "$(dirname "${BASH_SOURCE[0]}")" && pwd -P) || fail "cannot enter the folder of this script"
target=${1:-$here}
sums=$here/SHA256SUMS
[ -r "$sums" ] || fail "$sums is missing; bring it too"

pieces=()
digests=()
whole=
while read -r digest name; do
  case $name in
    */* | .*) fail "$sums names '$name', which is no piece; bring it anew" ;;
    *.tar)
      whole=$digest
      archive=$name
      ;;
    *.tar.[0-9][0-9][0-9])
      pieces+=("$name")
      digests+=("$digest")
      ;;
    *) fail "$sums names '$name', which is no piece; bring it anew" ;;
  esac
done <"$sums"
[ -n "$whole" ] && [ ${#pieces[@]} -gt 0 ] || fail "$sums is cut off; bring it anew"

absent=
damaged=
for i in "${!pieces[@]}"; do
  if [ ! -r "$here/${pieces[$i]}" ]; then
    absent="$absent ${pieces[$i]}"
  elif [ "$(sha256sum <"$here/${pieces[$i]}")" != "${digests[$i]}  -" ]; then
    damaged="$damaged ${pieces[$i]}"
  fi
done
[ -z "$damaged" ] || printf 'join.sh: damaged, bring anew:%s\n' "$damaged" >&2
[ -z "$absent" ] || printf 'join.sh: still missing:%s\n' "$absent" >&2
[ -z "$damaged$absent" ] || exit 1

joined() {
  local piece
  for piece in "${pieces[@]}"; do cat "$here/$piece"; done
}
[ "$(joined | sha256sum)" = "$whole  -" ] || fail "the pieces are whole but do not make $archive; bring $sums anew"

name=${archive%.tar}
[ ! -e "$target/$name" ] || fail "$target/$name is there already; move it away, or say ./join.sh DIR"
mkdir -p "$target" || fail "$target cannot be made; say ./join.sh DIR"
unfinished=$target/.$name.joining
rm -rf "$unfinished"
trap 'rm -rf "$unfinished"' EXIT
mkdir "$unfinished" || fail "$target cannot be written; say ./join.sh DIR"
set -o pipefail
joined | tar -C "$unfinished" --no-same-owner -xf - || fail "$archive could not be unpacked into $target; is there space?"
mv "$unfinished/$name" "$target/$name" || fail "$target/$name could not be made"
printf 'joined: %s\n' "$target/$name"
