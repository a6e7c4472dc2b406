/** A token id, in [0, nVocab). */
export type Token = number;

/**
 * An engine's name for one leased sequence with its sampler state. Opaque to everyone else, never reused
 * within an engine, so that a stale handle is refused and never hits a stranger. (llama.cpp's `seq_id`,
 * which is reused, stays inside the engine.)
 */
export type SequenceHandle = number;
