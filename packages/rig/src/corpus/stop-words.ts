/**
 * English words that carry grammar, not content. Question words belong here too: "which option" and "what option" ask
 * for the same window. Negations do not: they are rare in questions and change what a sentence says.
 */
export const stopWords: ReadonlySet<string> = new Set(
  `a about above after again all also am an and any are as at be because been before being below between both but by can
  could did do does doing done down during e.g each either else ever every few for from further get gets got had has have
  having he her here hers him his how i i.e if in into is it its itself just let like made make makes may me might more most
  much must my of off on once one only onto or other our out over own per please same shall she should so some such than
  that the their them then there these they this those through thus to too under until up upon us use used uses using
  very via was we well were what when where whether which while who whom whose why will with within would yet you your
  yours`
    .split(/\s+/)
    .filter((word) => word !== ""),
);
