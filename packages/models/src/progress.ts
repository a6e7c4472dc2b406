/** Where a download stands. Each phase runs from 0 to `totalBytes`, in the order of the union. */
export interface ModelProgress {
  phase: "download" | "join" | "verify";
  bytes: number;
  totalBytes: number;
}

export type OnModelProgress = (progress: ModelProgress) => void;
