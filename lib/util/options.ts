import { FieldError } from '../errors.ts'
import { isPlainObject, ownOptions } from './plain-object.ts'
import { assertFlag } from './shapes.ts'
import { shownName } from './shown-name.ts'

/** The names of the options `T`: all of them, to the compiler. A flag is true, false or not given. */
export type OptionNames<T> = Readonly<Record<keyof T & string, true | 'flag'>>

/**
 * The options that somebody gave, without what they inherit. TypeScript has seen to their names
 * already, JavaScript has not: an option with a typo would do nothing. An instance of a class may
 * have more than options, and gives them by getters, too.
 *
 * @param refusal the error of what is no option, or no object
 * @throws FieldError unless there is a `refusal`; naming the option, and those that there are, or the
 * flag that is none
 * @example readOptions('iterator()', options, { chunkSize: true })
 */
export function readOptions<T extends object>(
  verb: string,
  given: T,
  names: OptionNames<T>,
  refusal: new (message: string) => Error = FieldError,
): T {
  const options = ownGiven(verb, given, Object.keys(names), refusal)
  for (const [name, kind] of Object.entries(names)) {
    if (kind === 'flag') assertFlag(Reflect.get(options, name), verb, name, refusal)
  }
  return options as T
}

function ownGiven(
  verb: string,
  given: unknown,
  known: readonly string[],
  refusal: new (message: string) => Error,
): object {
  if (!isPlainObject(given)) {
    const found = optionsOfInstance(given, known)
    if (found !== null) return found
    throw new refusal(`${verb} takes its options as one object: { ${known.join(', ')} }.`)
  }
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) throw new refusal(unknownOption(verb, name, known))
  }
  return ownOptions(given)
}

/** The options that an instance of a class has, its getters' too; null where it has none of them. */
function optionsOfInstance(given: unknown, names: readonly string[]): object | null {
  if (typeof given !== 'object' || given === null || Array.isArray(given)) return null
  const found = names.filter((name) => hasOfClass(given, name))
  if (found.length === 0) return null
  const values = given as Readonly<Record<string, unknown>>
  return ownOptions(Object.fromEntries(found.map((name) => [name, values[name]])))
}

/** By itself or by its class, and not by `Object.prototype`. */
function hasOfClass(given: object, name: string): boolean {
  const prototype: object | null = Object.getPrototypeOf(given)
  if (prototype === null) return false
  return Object.hasOwn(given, name) || hasOfClass(prototype, name)
}

/**
 * The message about an option that there is not.
 *
 * @example unknownOption('connect()', 'modles', ['models']) // "connect() has no option 'modles'. Did …"
 */
export function unknownOption(verb: string, given: string, names: readonly string[]): string {
  const meant = nearest(given, names)
  const hint = meant === undefined ? '' : ` Did you mean '${meant}'?`
  const choices = names.length === 0 ? 'It takes none.' : `Options are: ${names.join(', ')}.`
  return `${verb} has no option '${shownName(given)}'.${hint} ${choices}`
}

/** The name that is a few letters away; undefined if none is. */
function nearest(given: string, names: readonly string[]): string | undefined {
  const near = names
    .map((name) => ({ name, distance: distanceOf(shownName(given), name) }))
    .sort((a, b) => a.distance - b.distance)[0]
  return near !== undefined && near.distance <= near.name.length / 2 ? near.name : undefined
}

/** How many letters must be added, taken away or changed; small and great ones are alike. */
function distanceOf(given: string, name: string): number {
  let row = Array.from({ length: name.length + 1 }, (_, at) => at)
  for (const [line, letter] of [...given.toLowerCase()].entries()) {
    const next = [line + 1]
    for (const [at, other] of [...name.toLowerCase()].entries()) {
      const [left = 0, above = 0, diagonal = 0] = [next[at], row[at + 1], row[at]]
      next.push(Math.min(left + 1, above + 1, diagonal + (letter === other ? 0 : 1)))
    }
    row = next
  }
  return row[name.length] ?? 0
}
