# makeWrapper and wrapProgram: a small bash script in front of a program. The flags are nixpkgs'.

assertExecutable() {
    if [ ! -f "$1" ] || [ ! -x "$1" ]; then echo "makeWrapper: $1 is not an executable file" >&2; return 1; fi
}

makeWrapper() { makeShellWrapper "$@"; }
makeBinaryWrapper() { makeShellWrapper "$@"; }
wrapProgram() { wrapProgramShell "$@"; }
wrapProgramBinary() { wrapProgramShell "$@"; }

makeShellWrapper() { # PROGRAM WRAPPER FLAGS...
    local program="$1" wrapper="$2" flag name separator value
    local before="" after="" argv0="" lines=()
    assertExecutable "$program"
    shift 2
    while [ $# -gt 0 ]; do
        flag="$1"
        case "$flag" in
            --set)
                lines+=("export $2=${3@Q}")
                shift 3
                ;;
            --set-default)
                lines+=("export $2=\"\${$2-$(forDoubleQuotes "$3")}\"")
                shift 3
                ;;
            --unset)
                lines+=("unset $2")
                shift 2
                ;;
            --run)
                lines+=("$2")
                shift 2
                ;;
            --chdir)
                lines+=("cd ${2@Q}")
                shift 2
                ;;
            --prefix | --suffix)
                lines+=("$(extendLine "$flag" "$2" "$3" "$4")")
                shift 4
                ;;
            --prefix-each | --suffix-each)
                name="$2" separator="$3"
                for value in $4; do lines+=("$(extendLine "${flag%-each}" "$name" "$separator" "$value")"); done
                shift 4
                ;;
            --add-flags) before="$before $2"; shift 2 ;;
            --append-flags) after="$after $2"; shift 2 ;;
            --add-flag) before="$before ${2@Q}"; shift 2 ;;
            --append-flag) after="$after ${2@Q}"; shift 2 ;;
            --argv0) argv0="-a ${2@Q}"; shift 2 ;;
            --inherit-argv0) argv0='-a "$0"'; shift ;;
            --resolve-argv0) shift ;;
            *)
                echo "makeWrapper: unknown flag $flag" >&2
                return 1
                ;;
        esac
    done
    mkdir -p "$(dirname "$wrapper")"
    {
        echo "#!@shell@ -e"
        if [ ${#lines[@]} -gt 0 ]; then printf '%s\n' "${lines[@]}"; fi
        echo "exec ${argv0:+$argv0 }${program@Q}$before \"\$@\"$after"
    } > "$wrapper"
    chmod +x "$wrapper"
}

forDoubleQuotes() {
    local text="$1"
    text="${text//\\/\\\\}"
    text="${text//\"/\\\"}"
    text="${text//\$/\\\$}"
    printf '%s' "${text//\`/\\\`}"
}

# The separator stands between the two only when both have something.
extendLine() { # --prefix|--suffix VARIABLE SEPARATOR VALUE
    local value separator
    value="$(forDoubleQuotes "$4")"
    separator="$(forDoubleQuotes "$3")"
    case "$1" in
        --prefix) printf 'export %s="%s${%s:+%s}${%s-}"' "$2" "$value" "$2" "$separator" "$2" ;;
        --suffix) printf 'export %s="${%s-}${%s:+%s}%s"' "$2" "$2" "$2" "$separator" "$value" ;;
    esac
}

wrapProgramShell() { # PROGRAM FLAGS...: the program itself moves to .NAME-wrapped beside it
    local program="$1" hidden
    shift
    assertExecutable "$program"
    hidden="$(dirname "$program")/.$(basename "$program")-wrapped"
    while [ -e "$hidden" ]; do hidden="${hidden}_"; done
    mv "$program" "$hidden"
    makeShellWrapper "$hidden" "$program" --inherit-argv0 "$@"
}
