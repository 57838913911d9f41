import type { QueryState } from '../query/nodes.ts'

/** A queryset class, for what makes querysets of whatever class. */
export type AnyQuerySetClass = new (state: QueryState | (() => QueryState)) => object

/** Opens the queryset that a method of a manager is called on. */
export const OPEN: unique symbol = Symbol('open')

/** Something that has the methods of a queryset, each called on a fresh one. */
export interface Opener {
  [OPEN](): object
}

type Method = (...args: unknown[]) => unknown

/**
 * Gives a prototype all methods of a queryset class that it does not have itself. A manager has no
 * query logic of its own.
 */
export function installForwarding(prototype: Opener, querySetClass: AnyQuerySetClass): void {
  for (const name of methodsOf(querySetClass)) {
    if (name in prototype && !(name in Object.prototype)) continue
    Object.defineProperty(prototype, name, {
      configurable: true,
      writable: true,
      value(this: Opener, ...args: unknown[]): unknown {
        const querySet = this[OPEN]() as Record<string, Method>
        return querySet[name]?.(...args)
      },
    })
  }
}

/** The names of a class's methods, inherited ones too; not those that make it awaitable. */
function methodsOf(querySetClass: AnyQuerySetClass): Set<string> {
  const names = new Set<string>()
  let at = querySetClass.prototype as object
  while (at !== Object.prototype) {
    for (const [name, property] of Object.entries(Object.getOwnPropertyDescriptors(at))) {
      if (typeof property.value === 'function') names.add(name)
    }
    at = Object.getPrototypeOf(at) as object
  }
  names.delete('constructor')
  names.delete('then')
  return names
}
