import { FieldError, ImproperlyConfigured } from '../errors.ts'
import type { ColumnField } from '../fields/column-field.ts'
import { metaOf } from '../meta/meta.ts'
import type { ModelMeta } from '../meta/model-meta.ts'
import type { HasFields, Unknown } from '../meta/row-types.ts'
import { readOptions } from '../util/options.ts'
import { assertList } from '../util/shapes.ts'
import type { CheckPath, ColumnFamily, WhereValue } from './lookup-types.ts'
import type { Order, Path, Where, WhereHint } from './name-types.ts'
import type { ExprNode } from './nodes.ts'
import { Meanings, modelScope, type ResolvedPath, resolveWhole } from './paths.ts'
import { escaped, type RequestQuery, requestTexts } from './request-input.ts'
import { lookupTarget } from './resolve.ts'
import { parseTexts, type TextTarget } from './safe-values.ts'
import { isJsonPath } from './transforms.ts'

type CheckAllowed<M, K> = K extends string
  ? string extends K
    ? keyof WhereHint<M>
    : WhereValue<M, K> extends Unknown<infer Part>
      ? Unknown<Part>
      : HasText<M, K> extends true
        ? K
        : Textless<K>
  : keyof WhereHint<M>

/** A type no value has; its text is the compiler's message. */
interface Textless<K extends string> {
  readonly error: `no text stands for the value of '${K}'`
}

/** What one text can stand for. */
type Single = string | number | bigint | boolean | Date

/** Whether texts can stand for what the key `K` takes over `M`. */
type HasText<M, K extends string> = IsDocument<M, K> extends true ? false : TextOf<WhereValue<M, K>>

type TextOf<V> = unknown extends V
  ? true
  : [Extract<V, Single>] extends [never]
    ? true extends ItemTextOf<V, V>
      ? true
      : false
    : true

/** The two ends of a range are no list. */
type ItemTextOf<V, Whole> = [Extract<Whole, { readonly isEmpty: true }>] extends [never]
  ? V extends readonly (infer I)[]
    ? [Extract<I, Single>] extends [never]
      ? false
      : true
    : false
  : false

/** Whether the key `K` compares a whole JSON document. */
type IsDocument<M, K extends string> = K extends
  | `${infer P}__exact`
  | `${infer P}__in`
  | `${infer P}__contains`
  | `${infer P}__containedBy`
  ? IsJson<M, K> extends true
    ? true
    : IsJson<M, P>
  : IsJson<M, K>

type IsJson<M, P extends string> = [ColumnFamily<M, P>] extends [never]
  ? false
  : [ColumnFamily<M, P>] extends ['json']
    ? true
    : false

/** Keys of `safeFilter()` as they must be over `M`. */
type CheckAllowedKeys<M, Ks extends readonly unknown[]> = {
  [I in keyof Ks]: CheckAllowed<M, Ks[I]>
}

type CheckOrderKey<M, K> = K extends string
  ? string extends K
    ? Path<M>
    : CheckPath<M, K>
  : Path<M>

/** Paths of `safeOrder()` as they must be over `M`. */
type CheckOrderKeys<M, Ks extends readonly unknown[]> = {
  [I in keyof Ks]: CheckOrderKey<M, Ks[I]>
}

type ClassOf<M> = abstract new (...args: never[]) => M

/** Options of `safeFilter()`. */
export interface SafeFilterOptions<Ks> {
  /** The keys a request may have: columns, lookups, paths, each as it is written in `filter()`. */
  readonly allow: Ks
  /** Keys that are someone else's: `['page', 'order']`. */
  readonly except?: readonly string[] | undefined
  /** What a key that is not allowed does. @default 'refuse' */
  readonly unknown?: 'refuse' | 'ignore' | undefined
  /** What a key without any text does, as an empty field of a form. @default 'refuse' where text is not due */
  readonly empty?: 'refuse' | 'ignore' | undefined
}

const FILTER_OPTIONS = { allow: true, except: true, unknown: true, empty: true } as const
const targets = new Meanings<TextTarget>()

/** What the developer lists is no fault of a request's, which is answered otherwise. */
function declared<T>(read: () => T): T {
  try {
    return read()
  } catch (error) {
    if (!(error instanceof FieldError)) throw error
    throw new ImproperlyConfigured(error.message, { cause: error })
  }
}

function assertShown(found: ResolvedPath, key: string): void {
  let base: ExprNode | undefined = found.node
  while (base?.kind === 'func') base = base.args[0]
  if (base?.kind !== 'ref' || !base.field.sensitive) return
  throw new FieldError(`'${key}' cannot be allowed: its column is declared as sensitive.`)
}

const LIST_LOOKUPS: ReadonlySet<string> = new Set(['in', 'range', 'hasKeys', 'hasAnyKeys'])
const TEXT_LOOKUPS = /contains$|with$|^iexact$|regex$|^search$|^trigram|^hasKey|^hasAnyKeys$/

function targetOf(model: ModelMeta, key: string): TextTarget {
  return targets.of(modelScope(model), key, () => makeTarget(model, key))
}

function makeTarget(model: ModelMeta, key: string): TextTarget {
  const { found, node, lookup } = lookupTarget(modelScope(model), key)
  assertShown(found, key)
  const field = comparedWith(node, lookup)
  if (field === null) {
    throw new FieldError(`'${key}' cannot be allowed: no text stands for such a value.`)
  }
  const { family } = node.field
  const isArray = family === 'array' && lookup !== 'isnull'
  const isText = !isArray && family !== 'range' && TEXT_LOOKUPS.test(lookup)
  return Object.freeze({
    ...{ key, lookup, field },
    isText: isText || isJsonPath(node),
    isList: isArray || LIST_LOOKUPS.has(lookup),
  })
}

/** The column whose values texts are read as: of an array, that of its items; null for none. */
function comparedWith(node: ExprNode, lookup: string): ColumnField | null {
  const { field } = node
  if (lookup === 'isnull' || isJsonPath(node)) return field
  const { family, item, bound } = field
  if (family === 'json') return lookup.startsWith('has') ? field : null
  if (family === 'range') return (lookup === 'contains' && bound) || null
  const compared = family === 'array' && !LIST_LOOKUPS.has(lookup) ? (item ?? field) : field
  return compared.family === 'array' || compared.family === 'binary' ? null : compared
}

/**
 * Turns the query of a web request into a filter, whatever is in it: only the keys of `allow` can
 * be asked for, each text is read as its column's type, and no more than 200 keys, 200 values of a
 * list and 2,000 characters of a value are taken. Lists (`in`, `range`, arrays) are repeated keys, or
 * one value with commas. Columns that are declared `sensitive` cannot be allowed, nor keys that no
 * text has a value for: whole JSON documents, bytes, ranges.
 *
 * Answer both errors that a request can cause with 400: they contain no values.
 *
 * @throws FieldError for a key that is not allowed; InvalidValueError, QueryTooComplexError.
 * ImproperlyConfigured for one in `allow` that cannot be.
 * @example
 * const where = safeFilter(Book, '?pages__gte=300&author__name=Ann', {
 *   allow: ['title__icontains', 'pages__gte', 'status__in', 'author__name'],
 * }) // { pages__gte: 300, author__name: 'Ann' }
 * Book.objects.filter(where)
 */
export function safeFilter<M extends HasFields<unknown>, const Ks extends readonly string[]>(
  model: ClassOf<M>,
  input: RequestQuery,
  options: SafeFilterOptions<Ks & CheckAllowedKeys<M, Ks>>,
): Where<M> {
  const own = readOptions('safeFilter()', options, FILTER_OPTIONS)
  const { allow, except = [], unknown = 'refuse', empty = 'refuse' } = own
  const meta = metaOf(model)
  assertList(allow, "safeFilter(Book, query, { allow: ['title'] })", FieldError)
  assertList(except, "safeFilter(Book, query, { except: ['page'], … })", FieldError)
  // All of them, so that a mistake is found by the first request.
  const allowed = new Map(allow.map((key) => [key as string, declared(() => targetOf(meta, key))]))
  const others = new Set(except)
  const where: Record<string, unknown> = {}
  for (const [key, texts] of requestTexts(input, (name) => allowed.has(name))) {
    const target = allowed.get(key)
    if (target === undefined) {
      if (unknown === 'ignore' || others.has(key)) continue
      const choices = [...allowed.keys()].join(', ')
      throw new FieldError(`There is no filter ${escaped(key)}. Choices are: ${choices}.`)
    }
    if (empty === 'ignore' && texts.every((text) => text === '')) continue
    where[key] = parseTexts(target, texts)
  }
  return where as Where<M>
}

/** Options of `safeOrder()`. */
export interface SafeOrderOptions<Ks> {
  /** The paths a request may order by, in either direction. */
  readonly allow: Ks
}

/**
 * Turns the order that a web request asks for (`'title,-pages'`, or such texts) into the arguments
 * of `orderBy()`; for nothing the model's own ordering. Columns that are declared `sensitive` cannot be
 * allowed.
 *
 * @throws FieldError for a path that is not allowed; InvalidValueError, QueryTooComplexError.
 * ImproperlyConfigured for one in `allow` that cannot be.
 * @example
 * Book.objects.orderBy(...safeOrder(Book, '-pages', { allow: ['title', 'pages'] }))
 */
export function safeOrder<M extends HasFields<unknown>, const Ks extends readonly string[]>(
  model: ClassOf<M>,
  input: string | readonly string[] | null | undefined,
  options: SafeOrderOptions<Ks & CheckOrderKeys<M, Ks>>,
): Order<M>[] {
  const meta = metaOf(model)
  const { allow } = readOptions('safeOrder()', options, { allow: true })
  assertList(allow, "safeOrder(Book, order, { allow: ['title'] })", FieldError)
  const allowed = new Set<string>(allow)
  const scope = modelScope(meta)
  for (const path of allowed) declared(() => assertShown(resolveWhole(scope, path), path))
  if (input === undefined || input === null || input === '') return [...meta.ordering] as Order<M>[]
  const [terms = []] = requestTexts({ order: input }, () => true).values()
  const asked = terms.flatMap((text) => text.split(',', allowed.size + 1))
  if (asked.length > allowed.size) {
    throw new FieldError(`An order has at most ${allowed.size} terms here.`)
  }
  for (const term of asked) {
    const path = term.startsWith('-') ? term.slice(1) : term
    if (allowed.has(path)) continue
    const choices = [...allowed].join(', ')
    throw new FieldError(`There is no order ${escaped(path)}. Choices are: ${choices}.`)
  }
  return asked as Order<M>[]
}
