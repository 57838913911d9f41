import { isInteger } from '../../query/functions/rule.ts'
import { sql } from '../fragment.ts'
import { arg, type Emit, everywhere, type FunctionSql, sqlOf } from './record.ts'

/** A function of floats; PostgreSQL would take a numeric and be slow. */
function float(template: string, sqlite = template): FunctionSql {
  const casts = template.replaceAll(/\{(\d)\}/g, '({$1})::double precision')
  return sqlOf({ sqlite, postgresql: casts, mysql: template })
}

/** Other SQL for whole numbers, which functions of PostgreSQL and SQLite would make floats of. */
function whole(forIntegers: Emit, forOthers: Emit): Emit {
  return (node, emitter) => (isInteger(node.field) ? forIntegers : forOthers)(node, emitter)
}

const same: Emit = (node, emitter) => arg(node, 0, emitter)

/** A numeric of PostgreSQL as a float again where it was one. */
function numeric(emit: Emit): Emit {
  return (node, emitter) => {
    const value = emit(node, emitter)
    return node.field.name === 'float' ? sql`(${value})::double precision` : value
  }
}

function simple(name: 'ceil' | 'floor'): FunctionSql {
  const emit = everywhere(`${name}({0})`).mysql
  return sqlOf({
    sqlite: whole(same, emit),
    postgresql: whole(same, emit),
    mysql: whole(same, emit),
  })
}

const ROUND = everywhere('round({0}, {1})').mysql
const MODULO = everywhere('({0} % {1})').mysql

/** To a multiple of a number, in whole numbers only: halves go away from zero. */
const TO_INTEGER = everywhere('(({0} + sign({0}) * ({1} / 2)) / {1} * {1})')

/** The SQL of the functions of `query/functions/math.ts`. */
export const MATH_SQL: ReadonlyMap<string, FunctionSql> = new Map<string, FunctionSql>([
  ['Abs', everywhere('abs({0})')],
  ['Sign', everywhere('sign({0})')],
  ['Ceil', simple('ceil')],
  ['Floor', simple('floor')],
  ['Sqrt', float('sqrt({0})')],
  ['Exp', float('exp({0})')],
  ['Ln', float('ln({0})')],
  ['ACos', float('acos({0})')],
  ['ASin', float('asin({0})')],
  ['ATan', float('atan({0})')],
  ['Cos', float('cos({0})')],
  ['Cot', float('cot({0})', '(1.0 / tan({0}))')],
  ['Sin', float('sin({0})')],
  ['Tan', float('tan({0})')],
  ['Degrees', float('degrees({0})')],
  ['Radians', float('radians({0})')],
  ['ATan2', float('atan2({0}, {1})')],
  ['Power', float('power({0}, {1})')],
  [
    'Log',
    sqlOf({
      sqlite: 'log({0}, {1})',
      postgresql: 'log(({0})::numeric, ({1})::numeric)::double precision',
      mysql: 'log({0}, {1})',
    }),
  ],
  ['Pi', everywhere('pi()')],
  [
    'Random',
    sqlOf({
      sqlite: '(random() / 18446744073709551616.0 + 0.5)',
      postgresql: 'random()',
      mysql: 'rand()',
    }),
  ],
  [
    'Mod',
    sqlOf({
      sqlite: whole(MODULO, everywhere('mod({0}, {1})').sqlite),
      postgresql: whole(
        MODULO,
        numeric(everywhere('mod(({0})::numeric, ({1})::numeric)').postgresql),
      ),
      mysql: 'mod({0}, {1})',
    }),
  ],
  [
    'Round',
    sqlOf({
      sqlite: whole(same, ROUND),
      postgresql: whole(same, numeric(everywhere('round(({0})::numeric, {1})').postgresql)),
      mysql: whole(same, ROUND),
    }),
  ],
  [
    'RoundTo',
    sqlOf({
      sqlite: whole(TO_INTEGER.sqlite, everywhere('(round({0} / {1}) * {1})').sqlite),
      postgresql: whole(
        everywhere(
          '(({0} + sign({0}::numeric)::bigint * ({1}::bigint / 2)) / {1}::bigint * {1}::bigint)',
        ).postgresql,
        numeric(everywhere('(round(({0})::numeric / {1}) * {1})').postgresql),
      ),
      mysql: everywhere('(round({0} / {1}) * {1})').mysql,
    }),
  ],
])
