import { FieldError, InvalidValueError } from '../errors.ts'
import { isPlainObject } from '../util/plain-object.ts'
import { ConditionData } from './condition-data.ts'
import { Expression } from './expression.ts'
import { assertWithin } from './limits.ts'
import type { Connector, RawCondition, RawGroup } from './raw.ts'

/**
 * A condition. `W` is the union of the lookup objects it was made of, so that the queryset it
 * reaches can check them. Recognised by a private field, never by its shape.
 */
export class Condition<out W = unknown> extends ConditionData {
  declare readonly lookupsType?: W
  /** Lets a condition stand where an editor should offer lookups only. */
  readonly [lookup: `${string}__${string}`]: unknown

  constructor(raw: RawCondition) {
    super(raw)
    Object.freeze(this)
  }

  /** Both this and all of the others. */
  and<const Others extends readonly Conditional[]>(
    ...others: Others
  ): Condition<W | LookupsOf<Others[number]>> {
    return combine('and', [this, ...others])
  }

  /** This or any of the others. */
  or<const Others extends readonly Conditional[]>(
    ...others: Others
  ): Condition<W | LookupsOf<Others[number]>> {
    return combine('or', [this, ...others])
  }

  /** The opposite. */
  not(): Condition<W> {
    return new Condition(negate(readCondition(this, 'not()')))
  }
}

/** What can stand for a condition: a Q, an object of lookups, or a boolean expression. */
export type Conditional = Condition | Expression | object

/** The lookup objects and the expressions inside a condition. */
export type LookupsOf<C> = C extends Condition<infer W> ? W : C

/** `Q({...})` and its static combinators. */
export interface QFactory {
  /** All of the lookups. `Q({})` is neutral. */
  <const W extends object>(lookups: W): Condition<W>
  and<const C extends readonly Conditional[]>(...conditions: C): Condition<LookupsOf<C[number]>>
  or<const C extends readonly Conditional[]>(...conditions: C): Condition<LookupsOf<C[number]>>
  /** True if an odd number of them is. */
  xor<const C extends readonly Conditional[]>(...conditions: C): Condition<LookupsOf<C[number]>>
  not<const C extends Conditional>(condition: C): Condition<LookupsOf<C>>
}

/**
 * Conditions that can be combined, in `filter`, `exclude`, `get` and `filter:` options.
 *
 * @example Q.or({ title__startswith: 'A' }, Q.not({ pages__lt: 100 }))
 */
export const Q: QFactory = Object.assign(
  <const W extends object>(lookups: W): Condition<W> => new Condition(readLookups(lookups, 'Q()')),
  {
    and: <const C extends readonly Conditional[]>(...conditions: C) =>
      combine<LookupsOf<C[number]>>('and', conditions),
    or: <const C extends readonly Conditional[]>(...conditions: C) =>
      combine<LookupsOf<C[number]>>('or', conditions),
    xor: <const C extends readonly Conditional[]>(...conditions: C) =>
      combine<LookupsOf<C[number]>>('xor', conditions),
    not: <const C extends Conditional>(condition: C): Condition<LookupsOf<C>> =>
      new Condition(negate(readCondition(condition, 'Q.not()'))),
  },
)

/**
 * One argument of `filter()` and the like as data. Lookups are read from own enumerable keys only.
 *
 * @throws InvalidValueError if it is neither a plain object nor a Q nor an expression
 */
export function readCondition(value: unknown, what: string): RawCondition {
  const condition = Condition.raw(value)
  if (condition !== null) return condition
  const expression = Expression.raw(value)
  if (expression === null) return readLookups(value, what)
  return Object.freeze({ kind: 'expression', expression, depth: expression.depth, size: 1 })
}

/** Several conditions under one connector; neutral ones vanish, equal connectors melt together. */
export function groupConditions(
  connector: Connector,
  conditions: readonly RawCondition[],
): RawCondition {
  const present = conditions.filter(({ size }) => size > 0)
  const [first] = present
  if (first !== undefined && present.length === 1) return first
  const before = first !== undefined && melts(first, connector) ? first : null
  const children: RawCondition[] = []
  for (const condition of before === null ? present : present.slice(1)) {
    if (!melts(condition, connector)) children.push(condition)
    else for (const child of childrenOf(condition)) children.push(child)
  }
  let depth = before === null ? 0 : before.depth - 1
  let size = before?.size ?? 0
  for (const child of children) {
    depth = Math.max(depth, child.depth)
    size += child.size
  }
  assertWithin('depth', depth + 1, 'The nesting of Q')
  assertWithin('conditions', size, 'The number of conditions')
  Object.freeze(children)
  return Object.freeze({ kind: 'group', connector, before, children, depth: depth + 1, size })
}

function melts(condition: RawCondition, connector: Connector): condition is RawGroup {
  return connector !== 'xor' && condition.kind === 'group' && condition.connector === connector
}

/** All conditions of a group, in their order. */
export function childrenOf(group: RawGroup): readonly RawCondition[] {
  if (group.before === null) return group.children
  const runs: (readonly RawCondition[])[] = []
  for (let at: RawGroup | null = group; at !== null; at = at.before) runs.push(at.children)
  return runs.reverse().flat()
}

/** NOT; two of them cancel out, as Django's `~`. */
export function negate(child: RawCondition): RawCondition {
  if (child.kind === 'not') return child.child
  if (child.size === 0) return child
  assertWithin('depth', child.depth + 1, 'The nesting of Q')
  return Object.freeze({ kind: 'not', child, depth: child.depth + 1, size: child.size })
}

function combine<W>(connector: Connector, conditions: readonly unknown[]): Condition<W> {
  const what = `Q.${connector}()`
  if (conditions.length === 0) throw new FieldError(`${what} takes at least one condition.`)
  return new Condition(
    groupConditions(
      connector,
      conditions.map((condition) => readCondition(condition, what)),
    ),
  )
}

function readLookups(value: unknown, what: string): RawCondition {
  if (!isPlainObject(value)) {
    throw new InvalidValueError(
      `${what} takes a plain object of lookups ({ title: 'x' }), a Q or a boolean expression.`,
    )
  }
  const entries = lookupKeys(value, what).map((key) => Object.freeze([key, value[key]] as const))
  Object.freeze(entries)
  return Object.freeze({ kind: 'lookups', entries, depth: 1, size: entries.length })
}

/**
 * The keys of an object of lookups.
 *
 * @throws FieldError for a key that is no text
 */
export function lookupKeys(lookups: object, what: string): readonly string[] {
  const keys = Reflect.ownKeys(lookups)
  assertWithin('keys', keys.length, 'The number of lookups in one object')
  for (const key of keys) {
    if (typeof key !== 'string') throw new FieldError(`${what}: a lookup's key must be text.`)
    assertWithin('keyLength', key.length, 'The length of a lookup')
  }
  return keys as string[]
}
