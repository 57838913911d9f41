import type { FuncNode } from '../../query/nodes.ts'
import type { Emitter } from '../emitter.ts'
import { type Fragment, list, sql } from '../fragment.ts'
import { everywhere, type FunctionSql, sqlOf, unsupported } from './record.ts'

const NO_HASH = 'compute it with node:crypto and store it'

function hash(name: string, postgresql: string, mysql: string): FunctionSql {
  return sqlOf({ sqlite: unsupported(`${name}()`, 'SQLite', NO_HASH), postgresql, mysql })
}

/** SHA-2 of what UTF-8 makes of text. */
function sha2(bits: number): FunctionSql {
  return hash(
    `SHA${bits}`,
    `encode(sha${bits}(convert_to({0}, 'UTF8')), 'hex')`,
    `sha2({0}, ${bits})`,
  )
}

/** So many of a fill, made of zeros in hexadecimal digits. */
const FILL = `substr(replace(hex(zeroblob({1} - length({0}))), '00', {2}), 1, {1} - length({0}))`
/** Letter by letter, since SQLite has nothing for it. */
const REVERSE =
  '(with recursive "reversing"("rest", "done") as (select {0}, \'\' union all ' +
  'select substr("rest", 2), substr("rest", 1, 1) || "done" from "reversing" where "rest" <> \'\') ' +
  'select "done" from "reversing" where "rest" = \'\')'

/** The SQL of the functions of `query/functions/text.ts`. */
export const TEXT_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['Lower', everywhere('lower({0})')],
  ['Upper', everywhere('upper({0})')],
  ['Trim', everywhere('trim({0})')],
  ['LTrim', everywhere('ltrim({0})')],
  ['RTrim', everywhere('rtrim({0})')],
  ['Replace', everywhere('replace({0}, {1}, {2})')],
  ['Substr', everywhere('substr({*})')],
  [
    'Length',
    sqlOf({ sqlite: 'length({0})', postgresql: 'length({0})', mysql: 'char_length({0})' }),
  ],
  [
    'Left',
    sqlOf({
      sqlite: 'substr({0}, 1, {1})',
      postgresql: 'left({0}, {1})',
      mysql: 'left({0}, {1})',
    }),
  ],
  [
    'Right',
    sqlOf({
      sqlite: 'substr({0}, -{1}, {1})',
      postgresql: 'right({0}, {1})',
      mysql: 'right({0}, {1})',
    }),
  ],
  [
    'StrIndex',
    sqlOf({
      sqlite: 'instr({0}, {1})',
      postgresql: 'strpos({0}, {1})',
      mysql: 'instr({0}, {1})',
    }),
  ],
  ['Reverse', sqlOf({ sqlite: REVERSE, postgresql: 'reverse({0})', mysql: 'reverse({0})' })],
  [
    'LPad',
    sqlOf({
      sqlite: `case when length({0}) >= {1} then substr({0}, 1, {1}) else ${FILL} || {0} end`,
      postgresql: 'lpad({0}, {1}, {2})',
      mysql: 'lpad({0}, {1}, {2})',
    }),
  ],
  [
    'RPad',
    sqlOf({
      sqlite: `case when length({0}) >= {1} then substr({0}, 1, {1}) else {0} || ${FILL} end`,
      postgresql: 'rpad({0}, {1}, {2})',
      mysql: 'rpad({0}, {1}, {2})',
    }),
  ],
  [
    'Repeat',
    sqlOf({
      sqlite: "case when {1} is not null then replace(hex(zeroblob({1})), '00', {0}) end",
      postgresql: 'repeat({0}, {1})',
      mysql: 'repeat({0}, {1})',
    }),
  ],
  [
    'Ord',
    sqlOf({
      sqlite: "coalesce(unicode({0}), case {0} when '' then 0 end)",
      postgresql: 'ascii({0})',
      mysql: 'ord({0})',
    }),
  ],
  [
    'Chr',
    sqlOf({
      sqlite: 'char({0})',
      postgresql: 'chr({0})',
      mysql: 'char({0} using utf32)',
    }),
  ],
  ['MD5', hash('MD5', 'md5({0})', 'md5({0})')],
  ['SHA1', hash('SHA1', "encode(digest({0}, 'sha1'), 'hex')", 'sha1({0})')],
  ['SHA224', sha2(224)],
  ['SHA256', sha2(256)],
  ['SHA384', sha2(384)],
  ['SHA512', sha2(512)],
  [
    'Concat',
    sqlOf({
      sqlite: (node, emitter) =>
        joined(node, emitter, (part) => sql`coalesce(${part}, '')`, ' || '),
      postgresql: (node, emitter) =>
        joined(node, emitter, (part) => sql`coalesce((${part})::text, '')`, ' || '),
      mysql: "concat_ws('', {*})",
    }),
  ],
])

/** Decimals as they are stored: as text they are exact. */
function joined(
  node: FuncNode,
  emitter: Emitter,
  each: (part: Fragment) => Fragment,
  separator: string,
): Fragment {
  const parts = node.args.map((one) =>
    each(
      one.field.family === 'decimal' && one.kind !== 'param'
        ? emitter.plain(one)
        : emitter.typed(one),
    ),
  )
  return sql`(${list(parts, separator)})`
}
