import type * as fs from "node:fs/promises";

type Fs = typeof fs;

/** What the next calls of `node:fs/promises` shall meet. */
export interface FaultPlan {
  /** Which call fails, 1 being the next. */
  at: number;
  /** Whether those after it fail too, as on a disk that stays full. */
  persistent: boolean;
  errno: "ENOSPC" | "EIO" | "EROFS" | "EMFILE";
}

const numbers = { ENOSPC: -28, EIO: -5, EROFS: -30, EMFILE: -24 };
// `rm` is spared: also a full disk lets files be removed, and what stays behind could not be told from litter.
const counted = ["open", "mkdir", "rename", "readdir", "stat", "readFile", "writeFile", "link"] as const;
const countedOfFile = ["read", "writeFile", "sync", "close"] as const;

/** The real file system, of which one call, or all calls from one on, can be made to fail. */
export function faultyFs(real: Fs) {
  let plan: FaultPlan | undefined;
  let calls = 0;
  let fired: string[] = [];

  const strike = (name: string) => {
    calls++;
    if (!plan || (plan.persistent ? calls < plan.at : calls !== plan.at)) return;
    fired.push(name);
    const { errno } = plan;
    throw Object.assign(new Error(`${errno}: injected, ${name}`), {
      errno: numbers[errno],
      code: errno,
      syscall: name,
    });
  };
  const faulty: Record<string, unknown> = { ...real };
  for (const name of counted) {
    const call = real[name] as (...args: unknown[]) => Promise<unknown>;
    faulty[name] = async (...args: unknown[]) => {
      if (!isProc(args[0])) strike(name);
      const result = await call(...args);
      return name === "open" ? faultyFile(result as fs.FileHandle) : result;
    };
  }
  const faultyFile = (file: fs.FileHandle) => {
    for (const name of countedOfFile) {
      const call = (file[name] as (...args: unknown[]) => Promise<unknown>).bind(file);
      Object.assign(file, {
        [name]: async (...args: unknown[]) => {
          if (name !== "close") strike(name);
          const result = await call(...args);
          if (name === "close") strike(name); // it fails, but the file is closed
          return result;
        },
      });
    }
    return file;
  };
  return {
    fs: faulty as unknown as Fs,
    /** Starts to count anew, with this plan or with none. */
    begin(next?: FaultPlan): void {
      plan = next;
      calls = 0;
      fired = [];
    },
    /** The calls that failed, in order. */
    fired: () => fired,
  };
}

function isProc(path: unknown): boolean {
  return typeof path === "string" && path.startsWith("/proc/");
}
