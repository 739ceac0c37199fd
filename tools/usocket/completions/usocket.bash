# Completion of usocket for bash: source this file, or install it as bash-completion/completions/usocket.
# shellcheck shell=bash

# Prints the words of a help page: its commands, or the options of one command.
_usocket_options()
{
    "$1" help "$2" 2>/dev/null | grep -o -E -e '(^  |, )--?[a-z0-9-]+' | tr -d ' ,'
}

_usocket()
{
    local tool=$1 word=$2 before=$3 command="" i
    local commands
    commands=$("$tool" --help 2>/dev/null | sed -n 's/^  \([a-z]*\) .*/\1/p')
    for ((i = 1; i < COMP_CWORD; i++)); do
        case " ${commands//$'\n'/ } " in
        *" ${COMP_WORDS[i]} "*) command=${command:-${COMP_WORDS[i]}} ;;
        esac
    done
    COMPREPLY=()
    case $before in
    -p | --port)
        mapfile -t COMPREPLY < <(compgen -W "sim sim:BG96 sim:BG95 sim:EC25" -- "$word"
            compgen -f -- "${word:-/dev/tty}")
        return ;;
    --flow)
        mapfile -t COMPREPLY < <(compgen -W "none rtscts" -- "$word")
        return ;;
    --baud)
        mapfile -t COMPREPLY < <(compgen -W "9600 115200 230400 460800 921600" -- "$word")
        return ;;
    --record | -o | --output)
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
        return ;;
    --apn | --pin | --timeout | --dialect)
        return ;;
    help)
        mapfile -t COMPREPLY < <(compgen -W "$commands options" -- "$word")
        return ;;
    esac
    if [[ $word == -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$(_usocket_options "$tool" options)
            $(_usocket_options "$tool" "$command")" -- "$word")
    elif [[ -z $command ]]; then
        mapfile -t COMPREPLY < <(compgen -W "$commands help" -- "$word")
    else
        mapfile -t COMPREPLY < <(compgen -f -- "$word")
    fi
}

complete -o filenames -F _usocket usocket
