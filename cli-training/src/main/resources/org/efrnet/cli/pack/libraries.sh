# Finds the libraries that a host must have; read by efrnet and train-all, not run.
# shellcheck shell=bash

# search_folders: prints, one a line, the folders that are searched, the most wanted first. Python's
# own packages of CUDA (pip's nvidia-*) keep libraries in site-packages/nvidia/*/lib.
search_folders() {
  local parts part python line folder
  IFS=: read -r -a parts <<<"${EFRNET_CUDA_LIBS:-}:${LD_LIBRARY_PATH:-}"
  for part in "${parts[@]}"; do
    [ -n "$part" ] && printf '%s\n' "$part"
  done
  while IFS= read -r python; do
    while IFS= read -r line; do
      for folder in "$line"/nvidia/*/lib; do
        [ -d "$folder" ] && printf '%s\n' "$folder"
      done
    done < <("$python" -c 'import sys; print("\n".join(p for p in sys.path if p))' 2>/dev/null </dev/null)
  done < <(type -ap python3 2>/dev/null)
  for folder in /usr/local/cuda*/lib64 /usr/local/cuda*/targets/x86_64-linux/lib \
    /usr/local/cuda*/extras/CUPTI/lib64 /opt/cuda/lib64 /usr/local/nvidia/lib64 /usr/lib/wsl/lib; do
    [ -d "$folder" ] && printf '%s\n' "$folder"
  done
}

# known_library NAME: prints where the system's own loader has it, if it has.
known_library() {
  local ldconfig line
  for ldconfig in ldconfig /sbin/ldconfig /usr/sbin/ldconfig; do
    if command -v "$ldconfig" >/dev/null; then
      while IFS= read -r line; do
        case $line in
          *[[:space:]]"$1 ("*x86-64*' => '* | *[[:space:]]"$1 ("*AArch64*' => '*)
            printf '%s\n' "${line##* => }"
            return 0
            ;;
        esac
      done < <("$ldconfig" -p 2>/dev/null)
      break
    fi
  done
  local folder
  for folder in /lib/x86_64-linux-gnu /usr/lib/x86_64-linux-gnu /lib/aarch64-linux-gnu \
    /usr/lib/aarch64-linux-gnu /lib64 /usr/lib64 /usr/lib; do
    if [ -e "$folder/$1" ]; then
      printf '%s\n' "$folder/$1"
      return 0
    fi
  done
  return 1
}

# use_folder FOLDER: adds it to library_path. Behind what the user gave, folders stand in the order
# of the search: the loader must find a library where it was found here.
use_folder() {
  local folder
  used=$used$1:
  library_path=$given
  for folder in ${folders[@]+"${folders[@]}"}; do
    case $used in *":$folder:"*) ;; *) continue ;; esac
    case :$library_path: in
      *":$folder:"*) ;;
      *) library_path=$library_path${library_path:+:}$folder ;;
    esac
  done
}

# find_libraries FILE BRINGER...: looks for the libraries listed in the file that these bring, and
# for what those need in their turn. Sets
#   library_path  what LD_LIBRARY_PATH must be
#   present       lines NAME PLACE
#   absent        lines NAME BRINGER PACKAGE, and the library that wants it where it is not a native
find_libraries() {
  local needed=$1 name bringer package folder place wanted line folders known given used=: names=()
  shift
  given=${EFRNET_CUDA_LIBS:-}${EFRNET_CUDA_LIBS:+${LD_LIBRARY_PATH:+:}}${LD_LIBRARY_PATH:-}
  library_path=$given
  present=()
  absent=()
  folders=()
  while IFS= read -r folder; do folders+=("$folder"); done < <(search_folders)
  while read -r name bringer package; do
    case " $* " in
      *" $bringer "*) names+=("$name $bringer $package -") ;;
    esac
  done <"$needed"
  known=" "
  local i=0
  while [ "$i" -lt "${#names[@]}" ]; do
    read -r name bringer package wanted <<<"${names[$i]}"
    i=$((i + 1))
    case $known in *" $name "*) continue ;; esac
    known="$known$name "
    place=
    for folder in ${folders[@]+"${folders[@]}"}; do
      if [ -e "$folder/$name" ]; then
        place=$folder/$name
        use_folder "$folder"
        break
      fi
    done
    [ -n "$place" ] || place=$(known_library "$name") || place=
    if [ -z "$place" ]; then
      absent+=("$name $bringer $package $wanted")
      continue
    fi
    present+=("$name $place")
    if command -v ldd >/dev/null; then
      while IFS= read -r line; do
        case $line in
          *' => not found'*)
            line=${line%% => *}
            line=${line##*[[:space:]]}
            names+=("$line $bringer - $name")
            ;;
        esac
      done < <(LD_LIBRARY_PATH=$library_path ldd "$place" 2>/dev/null)
    fi
  done
}
