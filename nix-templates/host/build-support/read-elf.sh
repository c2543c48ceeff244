# Reads what an ELF file says of itself. With od alone, since readelf is not on every machine.

elfNumbers() { # FILE OFFSET LENGTH UNIT COLUMNS: unsigned numbers of UNIT bytes, so many a line
    od -An -v -t "u$4" -w"$(($4 * $5))" -j "$2" -N "$3" -- "$1"
}

elfTextAt() { # FILE OFFSET
    local text
    IFS= read -r -d '' text < <(tail -c "+$(($2 + 1))" -- "$1") || true
    printf '%s\n' "$text"
}

# Sets $elfKind (dynamic, static, foreign, none), $elfInterpreter and the list $elfNeeded.
readElf() { # FILE
    local magic class order machine own=62 at size count
    elfKind=none elfInterpreter="" elfNeeded=()
    LC_ALL=C IFS= read -r -N 4 magic < "$1" || true
    if [ "$magic" != $'\x7fELF' ]; then return 0; fi
    read -r class order < <(elfNumbers "$1" 4 2 1 2)
    read -r machine < <(elfNumbers "$1" 18 2 2 1)
    if [[ "$system" == aarch64-* ]]; then own=183; fi
    if [ "$class $order $machine" != "2 1 $own" ]; then
        elfKind=foreign
        return 0
    fi

    elfKind=static
    read -r at < <(elfNumbers "$1" 32 8 8 1)
    read -r size count < <(elfNumbers "$1" 54 4 2 2)
    local kind offset address bytes loads=() dynamic=()
    while read -r kind offset address _ bytes _; do
        # The segment's type is the lower half of this word, its flags are the upper one.
        case $((kind & 0xffffffff)) in
            1) loads+=("$address $offset $bytes") ;;
            2) dynamic=("$offset" "$bytes") ;;
            3) elfInterpreter="$(elfTextAt "$1" "$offset")" ;;
        esac
    done < <(elfNumbers "$1" "$at" $((size * count)) 8 7)
    if [ ${#dynamic[@]} -eq 0 ]; then return 0; fi

    elfKind=dynamic
    local tag value strings=0 needed=() load
    while read -r tag value; do
        case "$tag" in
            0) break ;;
            1) needed+=("$value") ;;
            5) strings="$value" ;;
        esac
    done < <(elfNumbers "$1" "${dynamic[0]}" "${dynamic[1]}" 8 2)
    # The strings' place is given as it is in memory.
    for load in ${loads[@]+"${loads[@]}"}; do
        read -r address offset bytes <<< "$load"
        if [ "$strings" -lt "$address" ] || [ "$strings" -ge $((address + bytes)) ]; then continue; fi
        for value in ${needed[@]+"${needed[@]}"}; do
            elfNeeded+=("$(elfTextAt "$1" $((offset + strings - address + value)))")
        done
        break
    done
}
