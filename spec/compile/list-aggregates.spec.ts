import { expect } from 'chai'
import { compileAggregate } from '../../lib/compile/aggregates.ts'
import { compileSelect } from '../../lib/compile/select.ts'
import { FieldError, InvalidValueError, NotSupportedError } from '../../lib/errors.ts'
import { resolveAggregates } from '../../lib/query/aggregate-spec.ts'
import { Count, Min } from '../../lib/query/aggregates.ts'
import { withAnnotate } from '../../lib/query/annotations.ts'
import { F } from '../../lib/query/expression.ts'
import {
  AnyValue,
  ArrayAgg,
  BoolAnd,
  BoolOr,
  JSONAgg,
  StringAgg,
} from '../../lib/query/list-aggregates.ts'
import { withValues } from '../../lib/query/projection.ts'
import { withFilter } from '../../lib/query/state.ts'
import { Window } from '../../lib/query/window-functions.ts'
import { all, type Expected, expectSql } from './support.ts'

async function expectAggregate(spec: object, expected: Expected): Promise<void> {
  const named = resolveAggregates(all.Book, spec)
  await expectSql((dialect) => compileAggregate(all.Book, named, dialect), expected)
}

describe('compile: aggregates that put values in a row', () => {
  it('StringAgg, with a bound delimiter', async () => {
    const evil = "-') FROM canary --"
    await expectAggregate(
      {
        s: StringAgg('title', evil, { orderBy: ['-pages', F('id').asc()], filter: { live: true } }),
      },
      {
        sqlite: [
          'select group_concat("books"."title", ? order by "books"."pages" desc, "books"."id" asc) filter (where "books"."live" = ?) as "c0" from "books"',
          evil,
          1,
        ],
        postgresql: [
          'select string_agg("books"."title", $1::text order by "books"."pages" desc, "books"."id" asc) filter (where "books"."live" = $2) as "c0" from "books"',
          evil,
          true,
        ],
        mysql: [
          "select substr(group_concat(concat(?, case when `books`.`live` = ? then `books`.`title` end) order by `books`.`pages` desc, `books`.`id` asc separator ''), char_length(?) + 1) as `c0` from `books`",
          evil,
          1,
          evil,
        ],
      },
    )
  })

  it('ArrayAgg and JSONAgg, so that values keep what they are', async () => {
    await expectAggregate(
      { p: ArrayAgg('price'), i: ArrayAgg('isbn'), c: ArrayAgg('cover'), r: ArrayAgg('rating') },
      {
        sqlite: [
          `select nullif(json_group_array("books"."price"), '[]') as "c0", nullif(json_group_array(cast("books"."isbn" as text)), '[]') as "c1", nullif(json_group_array(case when "books"."cover" is not null then '\\x' || hex("books"."cover") end), '[]') as "c2", nullif(json_group_array(case when abs("books"."rating") < 9e999 then json(printf('%!.17g', "books"."rating")) else "books"."rating" end), '[]') as "c3" from "books"`,
        ],
        postgresql: [
          'select array_to_json((array_agg("books"."price"))::text[])::text as "c0", array_to_json((array_agg("books"."isbn"))::text[])::text as "c1", array_to_json((array_agg("books"."cover"))::text[])::text as "c2", array_to_json((array_agg("books"."rating"))::text[])::text as "c3" from "books"',
        ],
        mysql: [
          'select json_arrayagg(cast(`books`.`price` as char)) as `c0`, json_arrayagg(cast(`books`.`isbn` as char)) as `c1`, json_arrayagg(`books`.`cover`) as `c2`, json_arrayagg(`books`.`rating`) as `c3` from `books`',
        ],
      },
    )
    await expectAggregate(
      { t: JSONAgg('title', { default: ['x'] }), l: JSONAgg('live'), d: JSONAgg('data') },
      {
        sqlite: [
          `select coalesce(nullif(json_group_array("books"."title" || ''), '[]'), ?) as "c0", nullif(json_group_array(json(case "books"."live" when 1 then 'true' when 0 then 'false' end)), '[]') as "c1", nullif(json_group_array(json("books"."data")), '[]') as "c2" from "books"`,
          '["x"]',
        ],
        postgresql: [
          'select coalesce(jsonb_agg("books"."title"), $1::jsonb) as "c0", jsonb_agg("books"."live") as "c1", jsonb_agg("books"."data") as "c2" from "books"',
          '["x"]',
        ],
        mysql: [
          'select coalesce(json_arrayagg(`books`.`title`), ?) as `c0`, json_arrayagg(`books`.`live`) as `c1`, json_arrayagg(`books`.`data`) as `c2` from `books`',
          '["x"]',
        ],
      },
    )
  })

  it('BoolAnd, BoolOr and AnyValue', async () => {
    await expectAggregate(
      { a: BoolAnd('live'), o: BoolOr('live'), v: AnyValue('code') },
      {
        sqlite: [
          'select min("books"."live") as "c0", max("books"."live") as "c1", max("books"."code") as "c2" from "books"',
        ],
        postgresql: [
          'select bool_and("books"."live") as "c0", bool_or("books"."live") as "c1", (array_remove(array_agg("books"."code"), null))[1] as "c2" from "books"',
        ],
        mysql: [
          'select min(`books`.`live`) as `c0`, max(`books`.`live`) as `c1`, any_value(`books`.`code`) as `c2` from `books`',
        ],
      },
    )
  })

  it('as windows; JSON of groups is asked around them', async () => {
    const sofar = Window(JSONAgg('title'), { orderBy: ['pages'] })
    await expectSql(
      (dialect) => compileSelect(withValues(withAnnotate(all.Book, { sofar }), ['sofar']), dialect),
      {
        sqlite: [
          `select nullif(json_group_array("books"."title" || '') over (order by "books"."pages" asc), '[]') as "c0" from "books"`,
        ],
        postgresql: [
          'select jsonb_agg("books"."title") over (order by "books"."pages" asc) as "c0" from "books"',
        ],
        mysql: [
          'select json_arrayagg(`books`.`title`) over (order by `books`.`pages` asc) as `c0` from `books`',
        ],
      },
    )
    const joined = withAnnotate(all.Book, { s: Window(StringAgg('title', ',')) })
    expect(() => compileSelect(joined, 'mysql')).to.throw(
      NotSupportedError,
      'StringAgg() in Window()',
    )
    const groups = withAnnotate(withValues(all.Book, ['author']), { t: JSONAgg('title') })
    await expectSql((dialect) => compileSelect(withFilter(groups, [{ t__0: 'x' }]), dialect), {
      sqlite: [
        `select "q"."c0" as "c0", "q"."c1" as "c1" from (select "books"."author_id" as "c0", nullif(json_group_array("books"."title" || ''), '[]') as "c1" from "books" group by "books"."author_id") as "q" where (json_type(coalesce("q"."c1" -> ?, "q"."c1" -> ?)) = 'text' and coalesce("q"."c1" -> ?, "q"."c1" -> ?) ->> '$' = ?)`,
        '$[0]',
        '$."0"',
        '$[0]',
        '$."0"',
        'x',
      ],
      postgresql: [
        'select "q"."c0" as "c0", "q"."c1" as "c1" from (select "books"."author_id" as "c0", jsonb_agg("books"."title") as "c1" from "books" group by "books"."author_id") as "q" where ("q"."c1"::jsonb #> $1::text[])::jsonb = $2::jsonb',
        ['0'],
        '"x"',
      ],
      mysql: [
        'select `q`.`c0` as `c0`, `q`.`c1` as `c1` from (select `books`.`author_id` as `c0`, json_arrayagg(`books`.`title`) as `c1` from `books` group by `books`.`author_id`) as `q` where json_extract(`q`.`c1`, ?) = cast(? as json)',
        '$[0]',
        '"x"',
      ],
    })
  })

  it('refuses what there is no sense or no SQL for', () => {
    const refused = (aggregate: unknown, says: string): void => {
      expect(() => resolveAggregates(all.Book, { a: aggregate })).to.throw(FieldError, says)
    }
    refused(StringAgg('pages', ','), 'StringAgg() needs text')
    refused(JSONAgg('price'), 'JSONAgg() takes text, numbers, booleans and JSON')
    refused(BoolAnd('pages'), 'boolAnd() needs booleans')
    refused(ArrayAgg('title', { distinct: true, orderBy: ['pages'] }), 'by its own values only')
    refused(ArrayAgg(Count('id')), 'cannot be computed of an aggregate')
    refused(ArrayAgg('title', { orderBy: [Count('id')] }), 'cannot be ordered by an aggregate')
    expect(() => StringAgg('title', 3 as never)).to.throw(FieldError, 'a delimiter that is text')
    expect(() => StringAgg('title', ',', { orderBy: 'pages' as never })).to.throw(FieldError)
    expect(() => Min('pages', { orderBy: ['id'] } as never)).to.throw(
      FieldError,
      "no option 'orderBy'",
    )
    expect(() => BoolAnd('live', { distinct: true })).to.throw(FieldError, "no option 'distinct'")
    expect(() => resolveAggregates(all.Book, { a: StringAgg('title', 'a\0b') })).to.throw(
      InvalidValueError,
    )
    const named = resolveAggregates(all.Book, {
      a: ArrayAgg('title', { filter: { live: true } }),
      b: StringAgg('title', ',', { distinct: true }),
    })
    expect(() => compileAggregate(all.Book, named.slice(0, 1), 'mysql')).to.throw(NotSupportedError)
    expect(() => compileAggregate(all.Book, named.slice(1), 'sqlite')).to.throw(NotSupportedError)
    const listed = withAnnotate(all.Book, { a: ArrayAgg('tags__name') })
    expect(() => withFilter(listed, [{ a__contains: 'x' }])).to.throw(FieldError)
  })
})
