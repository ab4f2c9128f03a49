import type { Command, Option } from 'commander';

/** The shells that have a completion script. */
export const SHELLS = ['bash', 'zsh', 'fish'] as const;

/**
 * The script that completes the commands, options and choices of a program in a shell. It holds all names, so that no key starts
 * the program, and it evaluates nothing of what is typed. Pure.
 */
export function completionScript(shell: (typeof SHELLS)[number], program: Command): string {
  const places = placesIn(program);
  switch (shell) {
    case 'bash':
      return bashScript(program.name(), places);
    case 'zsh':
      return zshScript(program.name(), places);
    case 'fish':
      return fishScript(program.name(), places);
  }
}

/** The program itself, or a command of it, after whose name words are completed. */
interface Place {
  /** `' baseline list'`; empty for the program itself. */
  readonly path: string;
  readonly offers: readonly Offer[];
  /** The values that an option accepts, by its flags; without any if its values cannot be listed. */
  readonly values: readonly (readonly [flags: readonly string[], values: readonly string[]])[];
}

/** A word that may follow. */
interface Offer {
  readonly word: string;
  readonly says: string;
  readonly option?: Option;
}

function placesIn(command: Command, path = ''): Place[] {
  const options = command.options.flatMap((option) =>
    option.long ? [{ word: option.long, says: option.description, option }] : [],
  );
  const place = {
    path,
    offers: [
      ...command.commands.map((below) => ({
        word: below.name(),
        says: below.summary() || below.description(),
      })),
      ...command.registeredArguments.flatMap(({ argChoices = [], description }) =>
        argChoices.map((word) => ({ word, says: description })),
      ),
      ...options,
      { word: '--help', says: 'display help for command' },
    ],
    values: command.options
      .filter(({ required, optional }) => required || optional)
      .map(
        ({ short, long, argChoices = [] }) =>
          [[short, long].flatMap((flag) => flag ?? []), argChoices] as const,
      ),
  };
  return [place, ...command.commands.flatMap((below) => placesIn(below, `${path} ${below.name()}`))];
}

/** A text as one word of bash and zsh. */
const quoted = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;
const paths = (places: readonly Place[]) => places.map(({ path }) => path).filter((path) => path !== '');

function bashScript(name: string, places: readonly Place[]): string {
  const cases = places.flatMap(({ path, offers, values }) => [
    ...values.map(
      ([flags, words]) =>
        `    ${flags.map((flag) => quoted(`${path}:${flag}`)).join('|')}) words=${quoted(words.join(' '))} ;;`,
    ),
    `    ${quoted(path)}:*) words=${quoted(offers.map(({ word }) => word).join(' '))} ;;`,
  ]);
  return `# Completion of ${name} for bash.
_${name}() {
  local at place='' words=''
  for ((at = 1; at < COMP_CWORD; at++)); do
    case "$place \${COMP_WORDS[at]}" in
      ${paths(places).map(quoted).join('|')}) place="$place \${COMP_WORDS[at]}" ;;
    esac
  done
  case "$place:\${COMP_WORDS[COMP_CWORD - 1]}" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o default -F _${name} ${name}
`;
}

function zshScript(name: string, places: readonly Place[]): string {
  const described = ({ word, says }: Offer) => quoted(`${word}:${says}`);
  const cases = places.flatMap(({ path, offers, values }) => [
    ...values.map(
      ([flags, words]) =>
        `    ${flags.map((flag) => quoted(`${path}:${flag}`)).join('|')}) words_=(${words.map(quoted).join(' ')}) ;;`,
    ),
    `    ${quoted(path)}:*) words_=(${offers.map(described).join(' ')}) ;;`,
  ]);
  return `#compdef ${name}
# Completion of ${name} for zsh.
_${name}() {
  local at place=''
  local -a words_
  for ((at = 2; at < CURRENT; at++)); do
    case "$place \${words[at]}" in
      ${paths(places).map(quoted).join('|')}) place="$place \${words[at]}" ;;
    esac
  done
  case "$place:\${words[CURRENT-1]}" in
${cases.join('\n')}
  esac
  if (( \${#words_} )) && _describe ${name} words_; then return; fi
  _files
}
compdef _${name} ${name}
`;
}

function fishScript(name: string, places: readonly Place[]): string {
  const fishWord = (text: string) => `'${text.replaceAll(/[\\']/g, '\\$&')}'`;
  const lines = places.flatMap(({ path, offers }) =>
    offers.map(({ word, says, option }) => {
      const flags = word.startsWith('--')
        ? [`-l ${word.slice(2)}`, option?.short ? `-s ${option.short.slice(1)}` : []].flat().join(' ')
        : `-a ${fishWord(word)}`;
      const choices = option?.argChoices;
      const value = choices ? ` -x -a ${fishWord(choices.join(' '))}` : option?.required ? ' -r' : '';
      return `complete -c ${name} -n ${fishWord(`__${name}_at ${fishWord(path)}`)} ${flags}${value} -d ${fishWord(says)}`;
    }),
  );
  return `# Completion of ${name} for fish.
function __${name}_at
  set -l place ''
  for word in (commandline -opc)[2..]
    switch "$place $word"
      case ${paths(places).map(fishWord).join(' ')}
        set place "$place $word"
    end
  end
  test "$place" = "$argv[1]"
end
complete -c ${name} -e
${lines.join('\n')}
`;
}
