import { FieldError } from '../../errors.ts'
import { isPlainObject } from '../../util/plain-object.ts'
import type { Expression } from '../expression.ts'
import { Value } from '../expression.ts'
import { OUTPUT } from '../outputs.ts'
import { call, input, operand } from './call.ts'
import { type FunctionRule, funcNode, rule, TAKES } from './rule.ts'
import type { Input, Operand, PathsIn } from './types.ts'

/**
 * A value inside JSON as text: of a JSON string its text without quotes. `F('data__key')` is the
 * JSON value itself.
 *
 * @example Book.objects.values({ owner: KT('data__owner__name') }) // "data" #>> '{owner,name}'
 */
export function KT<const I extends Input>(path: I): Expression<string | null, PathsIn<I>> {
  return call('JsonText', [input(path, 'KT()')])
}

/**
 * A JSON object of expressions.
 *
 * @example Author.objects.values({ card: JSONObject({ name: 'name', mail: Lower('email') }) })
 */
export function JSONObject<const A extends Readonly<Record<string, Operand>>>(
  members: A,
): Expression<{ readonly [K in keyof A]: unknown }, PathsIn<A[keyof A]>> {
  if (!isPlainObject(members)) throw new FieldError('JSONObject() takes an object of expressions.')
  const args = Object.entries(members).flatMap(([key, value]) => [
    input(Value(key), 'JSONObject()'),
    operand(value, 'JSONObject()'),
  ])
  return call('JSONObject', args)
}

/**
 * A JSON array of expressions.
 *
 * @example Author.objects.values({ both: JSONArray('name', 'email') })
 */
export function JSONArray<const A extends readonly Operand[]>(
  ...items: A
): Expression<readonly unknown[], PathsIn<A[number]>> {
  const args = items.map((item) => operand(item, 'JSONArray()'))
  return call('JSONArray', args)
}

const MEMBERS: FunctionRule = (given) => {
  const args = given.args.map((raw) => given.resolve(raw, null))
  if (args.some(({ field }) => field.family === 'binary')) {
    throw new FieldError(`${given.name}() cannot hold bytes.`)
  }
  return funcNode(given.name, args, OUTPUT.json)
}

/** The rules of the functions of this file. */
export const JSON_RULES: ReadonlyMap<string, FunctionRule> = new Map<string, FunctionRule>([
  ['JsonText', rule([TAKES.json], OUTPUT.text)],
  ['JSONObject', MEMBERS],
  ['JSONArray', MEMBERS],
])
