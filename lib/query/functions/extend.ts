import { FieldError, ImproperlyConfigured } from '../../errors.ts'
import type { ColumnSpec } from '../../fields/column.ts'
import { ColumnField, type Family } from '../../fields/column-field.ts'
import type { ModelMeta } from '../../meta/model-meta.ts'
import { type OptionNames, readOptions } from '../../util/options.ts'
import { Expression } from '../expression.ts'
import { addLookup, lookupTree, param } from '../lookups.ts'
import type { Need } from '../needs.ts'
import type { ExprNode, FuncNode } from '../nodes.ts'
import type { Scope } from '../paths.ts'
import { resolveExpression } from '../resolve.ts'
import { addTransform } from '../transforms.ts'
import { addSql, type SqlTemplate } from './custom.ts'
import { given } from './given.ts'

/** What `registerTransform()` takes. */
export interface TransformDefinition {
  /** The kinds of values that have it: 'text', or several of them. Not 'json', whose names are keys. */
  readonly on: Family | readonly Family[]
  /** Makes an expression of the value, which comes first in it: `Lower`. */
  readonly apply: (value: Expression<unknown, never>) => Expression<unknown, Need>
}

/** What `registerLookup()` takes. */
export interface LookupDefinition<S extends ColumnSpec> {
  /** The kinds of values that have it: 'text', or several of them. Not 'json', whose names are keys. */
  readonly on: Family | readonly Family[]
  /** What it is compared with. @default the column's own kind */
  readonly value?: ColumnField<S>
  /** A condition of `$1`, what is looked up, and `$2`, the value. */
  readonly sql: SqlTemplate
}

const TRANSFORM: OptionNames<TransformDefinition> = { on: true, apply: true }
const LOOKUP: OptionNames<LookupDefinition<ColumnSpec>> = { on: true, value: true, sql: true }
const NAME = /^[a-z][A-Za-z0-9]{0,62}$/
const FAMILIES: ReadonlySet<unknown> = new Set<Family>([
  ...(['text', 'number', 'bigint', 'decimal', 'boolean', 'uuid', 'date'] as const),
  ...(['dateTime', 'time', 'duration', 'binary'] as const),
])

/** A scope without names: a transform has only its value. */
const NOWHERE: Scope = {
  model: {
    name: 'a transform',
    columnsByName: new Map(),
    relations: new Map(),
  } as unknown as ModelMeta,
  annotations: new Map(),
}

/**
 * A transform for paths: `title__lower`, in filters, orders, values and `F()`. Declare it for the
 * compiler by merging into `CustomLookups`.
 *
 * @throws ImproperlyConfigured if the name is taken or the definition cannot be used
 * @example
 * registerTransform('lower', { on: 'text', apply: Lower })
 * Book.objects.filter({ title__lower__startswith: 'a' }) // lower("title") like 'a%'
 */
export function registerTransform(name: string, definition: TransformDefinition): void {
  const own = readOptions('registerTransform()', definition, TRANSFORM, ImproperlyConfigured)
  const { on, apply } = own
  const families = familiesOf(name, on)
  if (typeof apply !== 'function') throw wrong(name, 'apply must be a function')
  addTransform(name, {
    families,
    apply: (node) => {
      const raw = Expression.raw(apply(given(node)))
      const made = raw === null ? null : resolveExpression(NOWHERE, raw)
      if (made !== null && isOver(made, node)) return made
      throw new FieldError(`The transform '${name}' must be a function of its value, given first.`)
    },
  })
}

/** Whether a node is a function of another, or of such a one; planning replaces it there. */
function isOver(node: ExprNode, base: ExprNode): node is FuncNode {
  const [first] = node.kind === 'func' ? node.args : []
  return first !== undefined && (first === base || isOver(first, base))
}

/**
 * A lookup for filters: `name__soundsLike`. Its SQL is checked here, once; values are always bound.
 * Declare it for the compiler by merging into `CustomLookups`.
 *
 * @throws ImproperlyConfigured if the name is taken or the definition cannot be used
 * @example
 * registerLookup('ne', { on: ['number', 'text'], sql: '$1 <> $2' })
 * Book.objects.filter({ pages__ne: 0 }) // "pages" <> 0
 */
export function registerLookup<S extends ColumnSpec>(
  name: string,
  definition: LookupDefinition<S>,
): void {
  const own = readOptions('registerLookup()', definition, LOOKUP, ImproperlyConfigured)
  const { on, value, sql } = own
  const kinds = familiesOf(name, on)
  if (value !== undefined && !ColumnField.is(value)) throw wrong(name, 'value must be a field')
  const key = addSql(name, sql)
  addLookup(name, {
    kinds,
    resolve: (request) => {
      const { left, label } = request
      const expression = request.expression(request.value)
      if (expression !== null) return lookupTree(key, left, [expression])
      const literal =
        value === undefined
          ? request.literal(request.value)
          : value.check(request.value as never, label)
      return lookupTree(key, left, [param(literal, value ?? left.field)])
    },
  })
}

function familiesOf(name: string, on: unknown): ReadonlySet<Family> {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new ImproperlyConfigured(
      'The name of a lookup or transform has only letters and digits, the first a small letter.',
    )
  }
  const families: readonly unknown[] = Array.isArray(on) ? on : [on]
  const isFine = families.length > 0 && families.every((family) => FAMILIES.has(family))
  if (!isFine) throw wrong(name, `on is one or more of: ${[...FAMILIES].join(', ')}`)
  return new Set(families as readonly Family[])
}

function wrong(name: string, reason: string): ImproperlyConfigured {
  return new ImproperlyConfigured(`The lookup or transform '${name}': ${reason}.`)
}
