# substitute and substituteInPlace, with nixpkgs' flags.

substituteText() { # WHERE FLAGS...: changes $text
    local where="$1" pattern replacement mode
    shift
    while [ $# -gt 0 ]; do
        mode="$1"
        case "$mode" in
            --replace | --replace-fail | --replace-warn | --replace-quiet)
                pattern="$2" replacement="$3"
                shift 3
                ;;
            --subst-var)
                if [ -z "${!2+set}" ]; then echo "substitute: \$$2 is not set ($where)" >&2; return 1; fi
                pattern="@$2@" replacement="${!2}"
                shift 2
                ;;
            --subst-var-by)
                pattern="@$2@" replacement="$3"
                shift 3
                ;;
            *)
                echo "substitute: unknown flag $mode ($where)" >&2
                return 1
                ;;
        esac
        if [[ "$text" != *"$pattern"* ]]; then
            case "$mode" in
                --replace-fail) echo "substitute: the text '$pattern' is not in $where" >&2; return 1 ;;
                --replace | --replace-warn) echo "substitute: warning: the text '$pattern' is not in $where" >&2 ;;
            esac
        fi
        # The quotes keep bash from giving & in the replacement a meaning.
        text="${text//"$pattern"/"$replacement"}"
    done
}

substitute() { # INPUT OUTPUT FLAGS...
    local input="$1" output="$2" text=""
    shift 2
    if [ ! -f "$input" ]; then echo "substitute: $input is not a file" >&2; return 1; fi
    if IFS= read -r -d '' text < "$input"; then echo "substitute: $input holds NUL bytes" >&2; return 1; fi
    substituteText "$input" "$@"
    if [ -e "$output" ]; then chmod u+w "$output"; fi
    printf '%s' "$text" > "$output"
}

substituteInPlace() { # FILE... FLAGS...
    local files=() file
    while [ $# -gt 0 ] && [[ "$1" != --* ]]; do
        files+=("$1")
        shift
    done
    if [ ${#files[@]} -eq 0 ]; then echo "substituteInPlace: no file given" >&2; return 1; fi
    for file in "${files[@]}"; do substitute "$file" "$file" "$@"; done
}

# Every variable of the environment as a placeholder.
substituteAll() { # INPUT OUTPUT
    local flags=() name
    while IFS='=' read -r -d '' name _; do
        if [[ "$name" =~ ^[a-z][a-zA-Z0-9_]*$ ]]; then flags+=(--subst-var "$name"); fi
    done < <(env -0)
    substitute "$1" "$2" "${flags[@]}"
}

substituteAllInPlace() {
    local file
    for file in "$@"; do substituteAll "$file" "$file"; done
}
