import { FieldError } from '../../errors.ts'
import { isPlainObject, ownOptions } from '../../util/plain-object.ts'
import type { Expression } from '../expression.ts'
import { Value } from '../expression.ts'
import type { Searchable } from '../family-lookups.ts'
import type { Need } from '../needs.ts'
import { OUTPUT } from '../outputs.ts'
import { call, input } from './call.ts'
import { argument, type Call, type FunctionRule, funcNode, rule, TAKES } from './rule.ts'
import type { Input, PathsIn, Returns } from './types.ts'

/** What PostgreSQL searches for. */
export interface SearchTerms {
  readonly terms: true
}

/** Options of `SearchVector()`. */
export interface SearchVectorOptions {
  /** A text search configuration of PostgreSQL. @default the database's own */
  readonly config?: string
  /** How much its words count in `SearchRank()`, from 'A', the most, to 'D'. @default 'D' */
  readonly weight?: 'A' | 'B' | 'C' | 'D'
}

/** Options of `SearchQuery()`. */
export interface SearchQueryOptions {
  /** A text search configuration of PostgreSQL. @default the database's own */
  readonly config?: string
  /**
   * How the text is read: all words, words next to each other, PostgreSQL's own syntax, or what
   * people type into search engines. @default 'plain'
   */
  readonly searchType?: keyof typeof QUERY_TYPES
}

/** Options of `SearchRank()`. */
export interface SearchRankOptions {
  /** What words of the weights D, C, B and A count. @default [0.1, 0.2, 0.4, 1] */
  readonly weights?: readonly [number, number, number, number]
  /** PostgreSQL's flags of what the length of a document does to its rank. @default 0 */
  readonly normalization?: number
  /** Words that are near each other count more. @default false */
  readonly coverDensity?: boolean
}

const QUERY_TYPES = { plain: '', phrase: '', raw: '', websearch: '' } as const
/** What is bound, though PostgreSQL wants the name of a thing there. */
const CONFIG = /^[A-Za-z_][\w.]{0,62}$/

/**
 * Text, of several columns too, as a document to search; NULL counts as ''. PostgreSQL only.
 *
 * @throws FieldError for options that there are not
 * @example
 * Book.objects
 *   .annotate({ words: SearchVector('title', 'author__name', { config: 'english' }) })
 *   .filter({ words__search: 'cheese' })
 */
export function SearchVector<const A extends readonly (Input | SearchVectorOptions)[]>(
  ...args: A
): Expression<string & Searchable, PathsIn<Extract<A[number], Input>>> {
  const last = args[args.length - 1]
  const options = isPlainObject(last) ? readOptions(last, ['config', 'weight']) : {}
  const texts = isPlainObject(last) ? args.slice(0, -1) : args
  if (texts.length === 0) throw new FieldError('SearchVector() takes at least one text.')
  const { weight } = options
  if (weight !== undefined && !/^[ABCD]$/.test(String(weight))) {
    throw new FieldError("The weight of SearchVector() is 'A', 'B', 'C' or 'D'.")
  }
  const raws = texts.map((text) => input(text, 'SearchVector()'))
  return call('SearchVector', raws, { config: configOf(options), weight: weight ?? '' })
}

/**
 * What to search for; the text is text and no path. PostgreSQL only.
 *
 * @throws FieldError for options that there are not
 * @example Book.objects.filter({ title__search: SearchQuery('"old cheese" -blue', { searchType: 'websearch' }) })
 */
export function SearchQuery(
  text: string | Expression<string | null, never>,
  options: SearchQueryOptions = {},
): Expression<string & SearchTerms> {
  const { searchType = 'plain', ...rest } = readOptions(options, ['config', 'searchType'])
  if (typeof searchType !== 'string' || !Object.hasOwn(QUERY_TYPES, searchType)) {
    throw new FieldError(`searchType is one of: ${Object.keys(QUERY_TYPES).join(', ')}.`)
  }
  const raw = input(typeof text === 'string' ? Value(text) : text, 'SearchQuery()')
  return call('SearchQuery', [raw], { config: configOf(rest), type: searchType })
}

/**
 * How well a document matches: the more the greater. PostgreSQL only.
 *
 * @throws FieldError for options that there are not
 * @example
 * const rank = SearchRank(SearchVector('title'), SearchQuery('cheese'))
 * Book.objects.annotate({ rank }).orderBy('-rank')
 */
export function SearchRank<const V extends Input>(
  vector: V,
  query: string | Expression<string & SearchTerms, never>,
  options: SearchRankOptions = {},
): Returns<number, V> {
  const names = ['weights', 'normalization', 'coverDensity']
  const { weights, normalization = 0, coverDensity = false } = readOptions(options, names)
  const isWeights = Array.isArray(weights) && weights.length === 4 && weights.every(Number.isFinite)
  if (weights !== undefined && !isWeights) throw new FieldError('weights are four numbers.')
  if (!Number.isSafeInteger(normalization) || (normalization as number) < 0) {
    throw new FieldError('normalization is a whole number of flags.')
  }
  const terms = typeof query === 'string' ? SearchQuery(query) : query
  const text = `{${isWeights ? weights.join(',') : '0.1,0.2,0.4,1'}}`
  const raws = [vector, terms, Value(text), Value(normalization as number)]
  return call(
    coverDensity === true ? 'SearchRankCd' : 'SearchRank',
    raws.map((raw) => input(raw, 'SearchRank()')),
  )
}

/**
 * How alike two texts are, from 0 to 1, by the groups of three letters in them. PostgreSQL only, with
 * the extension pg_trgm.
 *
 * @example Author.objects.annotate({ near: TrigramSimilarity('name', 'Jon') }).orderBy('-near')
 */
export function TrigramSimilarity<const I extends Input>(
  text: I,
  other: string | Expression<string | null, never>,
): Returns<number, I> {
  return trigram('TrigramSimilarity', text, other)
}

/**
 * How much two texts differ, from 0 to 1: 1 less their similarity. PostgreSQL only, with the
 * extension pg_trgm.
 *
 * @example Author.objects.orderBy(TrigramDistance('name', 'Jon'))
 */
export function TrigramDistance<const I extends Input>(
  text: I,
  other: string | Expression<string | null, never>,
): Returns<number, I> {
  return trigram('TrigramDistance', text, other)
}

/**
 * How alike a text is to any part of another, given first, from 0 to 1. PostgreSQL only, with the
 * extension pg_trgm.
 *
 * @example Author.objects.annotate({ near: TrigramWordSimilarity('Jon', 'name') })
 */
export function TrigramWordSimilarity<const I extends Input>(
  part: string | Expression<string | null, never>,
  text: I,
): Returns<number, I> {
  return trigram('TrigramWordSimilarity', text, part)
}

function trigram<T, P extends Need>(name: string, text: unknown, other: unknown): Expression<T, P> {
  const what = `${name}()`
  const second = typeof other === 'string' ? Value(other) : other
  return call(name, [input(text, what), input(second, what)])
}

function readOptions(given: unknown, names: readonly string[]): Readonly<Record<string, unknown>> {
  const isKnown = isPlainObject(given) && Object.keys(given).every((key) => names.includes(key))
  if (isKnown) return ownOptions(given)
  throw new FieldError(`The options of a search are: ${names.join(', ')}.`)
}

function configOf({ config }: Readonly<Record<string, unknown>>): string {
  if (config === undefined) return ''
  if (typeof config === 'string' && CONFIG.test(config)) return config
  throw new FieldError("config is the name of a text search configuration: 'english'.")
}

function vector(given: Call): ReturnType<FunctionRule> {
  const { config, weight } = given.option as { config: string; weight: string }
  const args = given.args.map((raw) => argument(given, raw, TAKES.text))
  const name = `SearchVector:${config}:${weight}`
  return funcNode(name, args, OUTPUT.searchVector)
}

function query(given: Call): ReturnType<FunctionRule> {
  const { config, type } = given.option as { config: string; type: string }
  const args = given.args.map((raw) => argument(given, raw, TAKES.text))
  return funcNode(`SearchQuery:${config}:${type}`, args, OUTPUT.searchQuery)
}

function rank(given: Call): ReturnType<FunctionRule> {
  const args = given.args.map((raw) => given.resolve(raw, null))
  const isVector = args[0]?.field === OUTPUT.searchVector || args[0]?.field.family === 'text'
  if (isVector && args[1]?.field === OUTPUT.searchQuery) {
    return funcNode(given.name, args, OUTPUT.float)
  }
  throw new FieldError('SearchRank() takes a text or SearchVector(), and a SearchQuery().')
}

const SIMILAR: FunctionRule = rule([TAKES.text], OUTPUT.float)

/** The rules of the functions of this file. */
export const SEARCH_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['SearchVector', vector],
  ['SearchQuery', query],
  ['SearchRank', rank],
  ['SearchRankCd', rank],
  ['TrigramSimilarity', SIMILAR],
  ['TrigramDistance', SIMILAR],
  ['TrigramWordSimilarity', SIMILAR],
])
