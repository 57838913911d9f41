import { FieldError } from '../errors.ts'
import type { RelationMeta } from '../meta/model-meta.ts'
import { shownName } from '../util/shown-name.ts'
import type { Scope } from './paths.ts'

const NAME = /^[A-Za-z_][A-Za-z0-9_]*$/
/** PostgreSQL cuts longer ones. */
const MAX_NAME_LENGTH = 63
const REFUSED: ReadonlySet<string> = new Set([
  'pk',
  'then',
  'constructor',
  '__proto__',
  'prototype',
])

/**
 * Refuses names that cannot be a new property of rows: only letters, digits and `_`, not those
 * that JavaScript has or, where rows are the model's, the model.
 *
 * @throws FieldError
 */
export function assertAlias(scope: Scope | null, name: string): void {
  const problem = aliasProblem(scope, name)
  if (problem === null) return
  const shown = NAME.test(name) ? ` '${shownName(name)}'` : ''
  throw new FieldError(`The name${shown} cannot be used for an expression: ${problem}.`)
}

function aliasProblem(scope: Scope | null, name: string): string | null {
  if (!NAME.test(name)) return "names have only letters, digits and '_', and no digit first"
  if (name.length > MAX_NAME_LENGTH) return `it is longer than ${MAX_NAME_LENGTH} characters`
  if (name.includes('__')) return "it contains '__'"
  if (REFUSED.has(name) || name in Object.prototype) return 'JavaScript or the model needs it'
  if (scope === null) return null
  if (scope.filtered?.has(name)) return 'it is a relation that FilteredRelation() named'
  const relation = scope.model.relations.get(name)
  if (scope.model.columnsByName.has(name) || (relation !== undefined && !givesWay(relation))) {
    return `it is a field of ${scope.model.name}`
  }
  return null
}

/** Relations that are no column may give way: `{ books: Count('books') }`. */
function givesWay({ kind, toMany }: RelationMeta): boolean {
  return toMany || kind.startsWith('reverse')
}
