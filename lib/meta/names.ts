import { ImproperlyConfigured } from '../errors.ts'

/** What instances, model classes, querysets or JavaScript itself need under these names. */
const RESERVED: ReadonlySet<string> = new Set([
  'pk',
  'save',
  'delete',
  'load',
  'equals',
  'refreshFromDb',
  'toJSON',
  'toString',
  'toLocaleString',
  'valueOf',
  'then',
  'catch',
  'finally',
  'constructor',
  'prototype',
  'hasOwnProperty',
  'isPrototypeOf',
  'propertyIsEnumerable',
])

const NAME = /^\p{L}[\p{L}\p{N}_$]*$/u

/** What is wrong with `name` as a property of a model, or null. */
export function nameProblem(name: string): string | null {
  if (name.includes('__')) return `'${name}' contains '__', which separates the steps of a lookup`
  if (name.endsWith('_'))
    return `'${name}' ends with '_', which would run into the '__' of a lookup`
  if (RESERVED.has(name)) return `'${name}' is needed by instances or by JavaScript itself`
  if (!NAME.test(name)) return `'${name}' is not a name made of letters, digits and '_'`
  return null
}

/** @throws ImproperlyConfigured when `name` cannot be a property of `model`. */
export function assertName(model: string, name: string): void {
  const problem = nameProblem(name)
  if (problem !== null)
    throw new ImproperlyConfigured(`${model} cannot have this field: ${problem}.`)
}

/**
 * The default column of a property.
 *
 * @example snakeCase('publishedAt') // 'published_at'; of 'isoA2' it is 'iso_a2'
 */
export function snakeCase(name: string): string {
  return name
    .replace(/(\p{Lu}+)(\p{Lu}\p{Ll})/gu, '$1_$2')
    .replace(/([\p{Ll}\p{N}])(\p{Lu})/gu, '$1_$2')
    .toLowerCase()
}
