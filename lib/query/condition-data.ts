import type { RawCondition, RawExpression } from './raw.ts'

/** What a `Condition` is made of, for those that know no more of it. */
export class ConditionData {
  readonly #raw: RawCondition

  constructor(raw: RawCondition) {
    this.#raw = raw
  }

  /** What a value was made of; null if it is no condition, however much it looks like one. */
  static raw(value: unknown): RawCondition | null {
    return typeof value === 'object' && value !== null && #raw in value ? value.#raw : null
  }
}

/** A condition as a boolean value; null of anything else. */
export function conditionValue(value: unknown): RawExpression | null {
  const condition = ConditionData.raw(value)
  if (condition === null) return null
  return Object.freeze({ kind: 'condition', condition, depth: condition.depth })
}
