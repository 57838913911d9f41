/** A value at a moment. */
export interface Sample {
  readonly seconds: number
  readonly value: number
}

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? 0
}

/**
 * How much a value grows in a minute, which a few that are far off do not change.
 *
 * Source: the Theil–Sen estimator, the median of the slopes between all pairs.
 */
export function growthPerMinute(samples: readonly Sample[]): number {
  const slopes = samples.flatMap((from, at) =>
    samples.slice(at + 1).map((to) => (to.value - from.value) / (to.seconds - from.seconds)),
  )
  return median(slopes) * 60
}
