/** Something that the reader can mend. It is printed as it stands, without a stack trace. */
export class Problem extends Error {}
