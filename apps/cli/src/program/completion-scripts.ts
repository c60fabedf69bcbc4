export const SHELLS = ["bash", "zsh", "fish"] as const;
export type Shell = (typeof SHELLS)[number];

/** Each script asks the program itself, so that it never falls behind it. */
const SCRIPTS: Record<Shell, string> = {
  bash: `# agency completion for bash: add this line to ~/.bashrc
#   source <(agency completion bash)
_agency() {
  local IFS=$'\\n'
  COMPREPLY=($(agency __complete "\${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null | cut -f 1))
}
complete -o default -F _agency agency`,
  zsh: `#compdef agency
# agency completion for zsh: add this line to ~/.zshrc, after compinit
#   source <(agency completion zsh)
_agency() {
  local -a items
  local line
  for line in "\${(@f)$(agency __complete "\${(@)words[2,CURRENT]}" 2>/dev/null)}"; do
    [[ -n $line ]] && items+=("\${line%%$'\\t'*}:\${line#*$'\\t'}")
  done
  if (( $#items )); then _describe agency items; else _files; fi
}
compdef _agency agency`,
  fish: `# agency completion for fish: save it as ~/.config/fish/completions/agency.fish
complete -c agency -a '(agency __complete (commandline -opc)[2..] (commandline -ct) 2>/dev/null)'`,
};

export const completionScript = (shell: Shell): string => SCRIPTS[shell];
