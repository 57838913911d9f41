import { expect } from 'chai'
import { compileSelect } from '../../lib/compile/select.ts'
import { NotSupportedError } from '../../lib/errors.ts'
import {
  type Expression,
  SearchQuery,
  SearchRank,
  SearchVector,
  TrigramDistance,
  TrigramSimilarity,
} from '../../lib/index.ts'
import { withAnnotate } from '../../lib/query/annotations.ts'
import type { QueryState } from '../../lib/query/nodes.ts'
import { withValues } from '../../lib/query/projection.ts'
import { withFilter } from '../../lib/query/state.ts'
import { all } from './support.ts'

const of = (x: Expression<unknown, string>): QueryState => withValues(all.Book, [{ x }])
const where = (lookups: object): QueryState => withFilter(withValues(all.Book, ['id']), [lookups])
const english = { config: 'english' } as const

const CASES: readonly [QueryState, sql: string, ...bindings: unknown[]][] = [
  [
    of(SearchVector('title', 'author__name', { ...english, weight: 'A' })),
    `select setweight(to_tsvector('english'::regconfig, coalesce("books"."title", '') || ' ' || coalesce("authors"."name", '')), 'A') as "c0" from "books" inner join "authors" on "books"."author_id" = "authors"."id"`,
  ],
  [
    of(SearchQuery('a b', { ...english, searchType: 'websearch' })),
    `select websearch_to_tsquery('english'::regconfig, $1::text) as "c0" from "books"`,
    'a b',
  ],
  [
    of(SearchRank('title', 'x')),
    `select ts_rank($1::text::float4[], to_tsvector(coalesce("books"."title", '')), plainto_tsquery($2::text), $3::integer) as "c0" from "books"`,
    '{0.1,0.2,0.4,1}',
    'x',
    0,
  ],
  [
    of(TrigramSimilarity('title', 'x')),
    'select similarity("books"."title", $1::text) as "c0" from "books"',
    'x',
  ],
  [
    of(TrigramDistance('title', 'x')),
    'select ("books"."title" <-> $1::text) as "c0" from "books"',
    'x',
  ],
  [
    where({ title__search: 'x' }),
    `select "books"."id" from "books" where to_tsvector(coalesce("books"."title", '')) @@ plainto_tsquery($1::text)`,
    'x',
  ],
  [
    where({ title__search: SearchQuery('x', { searchType: 'raw' }) }),
    `select "books"."id" from "books" where to_tsvector(coalesce("books"."title", '')) @@ to_tsquery($1::text)`,
    'x',
  ],
  [
    where({ title__search: SearchQuery('x', english) }),
    `select "books"."id" from "books" where to_tsvector('english'::regconfig, coalesce("books"."title", '')) @@ plainto_tsquery('english'::regconfig, $1::text)`,
    'x',
  ],
  [
    withFilter(
      withValues(withAnnotate(all.Book, { words: SearchVector('title', english) }), [
        'id',
        'words',
      ]),
      [{ words: 'x' }],
    ),
    `select "books"."id", to_tsvector('english'::regconfig, coalesce("books"."title", '')) as "c1" from "books" where to_tsvector('english'::regconfig, coalesce("books"."title", '')) @@ plainto_tsquery('english'::regconfig, $1::text)`,
    'x',
  ],
  [
    where({ title__trigramSimilar: 'x' }),
    'select "books"."id" from "books" where "books"."title" % $1::text',
    'x',
  ],
]

describe('compile: search', () => {
  for (const [state, ...expected] of CASES) {
    it(expected[0], () => {
      const found = compileSelect(state, 'postgresql')
      expect([found?.sql, ...(found?.bindings ?? [])]).to.deep.equal(expected)
      for (const dialect of ['sqlite', 'mysql'] as const) {
        expect(() => compileSelect(state, dialect), dialect).to.throw(NotSupportedError)
      }
    })
  }
})
