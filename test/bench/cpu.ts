import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** Seconds of processor time of a process tree since its start, by part. */
export interface CpuTime {
  /** This process, without its children. */
  readonly own: number;
  /** The main threads of its Node children: the gateway of a local runtime. */
  readonly gateway: number;
  /** The other threads of these: the functions' environments, and what Node runs beside them. */
  readonly functions: number;
  /** All other children: the emulator. */
  readonly emulator: number;
}

/** Linux counts in hundredths of a second. */
const TICKS = 100;

/** The time of this process and of all that it started, which still run. Undefined where there is no /proc. */
export function cpuTime(): CpuTime | undefined {
  if (!existsSync('/proc/self/stat')) return undefined;
  const all = readdirSync('/proc').flatMap((name) =>
    /^\d+$/.test(name) ? (statOf(`/proc/${name}`) ?? []) : [],
  );
  const sum = { own: 0, gateway: 0, functions: 0, emulator: 0 };
  for (const { pid, seconds } of descendants(process.pid, all)) {
    if (pid === process.pid) sum.own += seconds;
    else if (isNode(pid)) {
      const gateway = statOf(`/proc/${pid}/task/${pid}`)?.seconds ?? 0;
      sum.gateway += gateway;
      sum.functions += seconds - gateway;
    } else sum.emulator += seconds;
  }
  return sum;
}

/** Seconds of processor time of children of this process that have ended, and of theirs. Undefined where there is no /proc. */
export function cpuTimeOfEnded(): number | undefined {
  return statOf('/proc/self')?.ofEnded;
}

interface Stat {
  readonly pid: number;
  readonly parent: number;
  readonly seconds: number;
  readonly ofEnded: number;
}

/** Of a process or a thread; undefined if it has ended. */
function statOf(folder: string): Stat | undefined {
  let text: string;
  try {
    text = readFileSync(`${folder}/stat`, 'utf8');
  } catch {
    return undefined;
  }
  const [, pid, rest = ''] = /^(\d+) \(.*\) (.*)$/s.exec(text) ?? [];
  const fields = rest.split(' ').map(Number);
  const [parent = 0, ...ticks] = [fields[1], ...fields.slice(11, 15)];
  const [user = 0, system = 0, userOfEnded = 0, systemOfEnded = 0] = ticks;
  return {
    pid: Number(pid),
    parent,
    seconds: (user + system) / TICKS,
    ofEnded: (userOfEnded + systemOfEnded) / TICKS,
  };
}

function descendants(root: number, all: readonly Stat[]): Stat[] {
  const own = all.filter(({ pid }) => pid === root);
  const children = all.filter(({ parent }) => parent === root);
  return [...own, ...children.flatMap(({ pid }) => descendants(pid, all))];
}

function isNode(pid: number): boolean {
  try {
    return readlinkSync(`/proc/${pid}/exe`) === readlinkSync('/proc/self/exe');
  } catch {
    return false;
  }
}
