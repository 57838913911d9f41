import type { ExprNode, FuncNode, LookupTree } from '../../query/nodes.ts'
import { OUTPUT } from '../../query/outputs.ts'
import { notSupported } from '../dialects/shared.ts'
import type { Emitter } from '../emitter.ts'
import { type Fragment, keyword, list, sql } from '../fragment.ts'
import { arg, type Emit, type FunctionSql, operand, sqlOf, unsupported } from './record.ts'

/** Why there is no `search` on SQLite: its index of words is a table, which only its owner knows. */
const CURES = {
  sqlite: 'use icontains, or RawSQL() over an FTS5 table of your own',
  mysql: 'use icontains',
} as const

function onPostgres(name: string, emit: Emit | string): FunctionSql {
  return sqlOf({
    sqlite: unsupported(`${name}()`, 'SQLite', CURES.sqlite),
    postgresql: emit,
    mysql: unsupported(`${name}()`, 'MySQL', CURES.mysql),
  })
}

function assertPostgres({ lookup }: LookupTree, { dialect: { name } }: Emitter): void {
  if (name === 'postgresql') return
  throw notSupported(`The lookup '${lookup}' (${CURES[name]})`, name)
}

/** What stands after the name of a node; checked when the expression was made. */
function partsOf({ name }: FuncNode): readonly [config: Fragment, form: string] {
  const [, config = '', form = ''] = name.split(':')
  return [keyword(config === '' ? '' : `'${config}'::regconfig, `), form]
}

const vector: Emit = (node, emitter) => {
  const [config, weight] = partsOf(node)
  const texts = node.args.map((_, index) => sql`coalesce(${arg(node, index, emitter)}, '')`)
  const whole = sql`to_tsvector(${config}${list(texts, " || ' ' || ")})`
  return weight === '' ? whole : sql`setweight(${whole}, '${keyword(weight)}')`
}

const FORMS = {
  plain: 'plainto_tsquery',
  phrase: 'phraseto_tsquery',
  raw: 'to_tsquery',
  websearch: 'websearch_to_tsquery',
} as const

const query: Emit = (node, emitter) => {
  const [config, form] = partsOf(node)
  return sql`${keyword(FORMS[form as keyof typeof FORMS])}(${config}${arg(node, 0, emitter)})`
}

/** A document, made of text where it is none: in the language of what is searched for. */
function documentOf(node: ExprNode, terms: ExprNode, emitter: Emitter): Fragment {
  if (node.field === OUTPUT.searchVector) return emitter.plain(node)
  return sql`to_tsvector(${configOf(terms)}coalesce(${emitter.typed(node)}, ''))`
}

/** What to search for, made of text where it is that: in the language of the document. */
function termsOf(node: ExprNode, document: ExprNode, emitter: Emitter): Fragment {
  if (node.field === OUTPUT.searchQuery) return emitter.plain(node)
  return sql`plainto_tsquery(${configOf(document)}${emitter.typed(node)})`
}

function configOf(node: ExprNode): Fragment {
  return node.kind === 'func' && isSearch(node) ? partsOf(node)[0] : keyword('')
}

function isSearch({ field }: ExprNode): boolean {
  return field === OUTPUT.searchVector || field === OUTPUT.searchQuery
}

function rank(name: string): Emit {
  return (node, emitter) => {
    const [document, terms] = [operand(node.args, 0), operand(node.args, 1)]
    const weights = sql`${arg(node, 2, emitter)}::float4[]`
    const sides = list([documentOf(document, terms, emitter), termsOf(terms, document, emitter)])
    return sql`${keyword(name)}(${weights}, ${sides}, ${arg(node, 3, emitter)})`
  }
}

/** The lookup `search`: every word is in the text, in any of its forms. */
export function emitSearch(tree: LookupTree, emitter: Emitter): Fragment {
  assertPostgres(tree, emitter)
  const { left } = tree
  const terms = operand(tree.right, 0)
  return sql`${documentOf(left, terms, emitter)} @@ ${termsOf(terms, left, emitter)}`
}

/** The lookups `trigramSimilar` and `trigramWordSimilar`, by the operators of pg_trgm. */
export function emitTrigram(operator: '%' | '%>'): typeof emitSearch {
  return (tree, emitter) => {
    assertPostgres(tree, emitter)
    const other = emitter.typed(operand(tree.right, 0))
    return sql`${emitter.typed(tree.left)} ${keyword(operator)} ${other}`
  }
}

/** The SQL of the functions of `query/functions/search.ts`. */
export const SEARCH_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['SearchVector', onPostgres('SearchVector', vector)],
  ['SearchQuery', onPostgres('SearchQuery', query)],
  ['SearchRank', onPostgres('SearchRank', rank('ts_rank'))],
  ['SearchRankCd', onPostgres('SearchRank', rank('ts_rank_cd'))],
  ['TrigramSimilarity', onPostgres('TrigramSimilarity', 'similarity({0}, {1})')],
  ['TrigramDistance', onPostgres('TrigramDistance', '({0} <-> {1})')],
  ['TrigramWordSimilarity', onPostgres('TrigramWordSimilarity', 'word_similarity({1}, {0})')],
])
