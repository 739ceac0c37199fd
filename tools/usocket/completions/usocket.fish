# Completion of usocket for fish. It asks the tool for its commands and options.

function __usocket_commands
    usocket --help 2>/dev/null | string match -r '^  [a-z]+ .*' | string replace -r '^  ([a-z]+) +(.*)' '$1\t$2'
    printf 'help\thelp about a command\n'
end

# The command on the line, if there is one yet.
function __usocket_command
    set -l commands (__usocket_commands | string replace -r '\t.*' '')
    for word in (commandline -opc)[2..-1]
        if contains -- $word $commands
            echo $word
            return 0
        end
    end
    return 1
end

# The options of a help page, each with its meaning.
function __usocket_options
    usocket help $argv[1] 2>/dev/null | string match -r '^  -.*' | while read -l line
        set -l meaning (string replace -r '^ *-.*?  +' '' -- $line)
        for name in (string match -r -a -- '(?<=^|, )--?[a-z0-9-]+' (string trim -- $line))
            printf '%s\t%s\n' $name $meaning
        end
    end
end

complete -c usocket -n 'not __usocket_command >/dev/null' -f -a '(__usocket_commands)'
complete -c usocket -n 'contains help (__usocket_command)' -f -a '(__usocket_commands)'
complete -c usocket -n 'string match -q -- "-*" (commandline -ct)' -f \
    -a '(__usocket_options options; __usocket_options (__usocket_command))'
complete -c usocket -s p -l port -r -F -a 'sim sim:BG96 sim:BG95 sim:EC25'
complete -c usocket -l flow -x -a 'none rtscts'
complete -c usocket -l record -r -F
