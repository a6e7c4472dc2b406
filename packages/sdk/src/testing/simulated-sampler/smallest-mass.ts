/** How many of `probabilities`, from the first, it takes to reach `mass`. All, where rounding keeps them below it. */
export function smallestMass(probabilities: readonly number[], mass: number): number {
  let reached = 0;
  const last = probabilities.findIndex((p) => {
    reached += p;
    return reached >= mass;
  });
  return last === -1 ? probabilities.length : last + 1;
}
