/** README.md's table of fields as a program. */
import type { Program } from './programs.ts'
import { codeOf, tableOf } from './readme.ts'

/**
 * A program that has a model for each row, makes the column the row names for the database it runs
 * on, and expects the row's value to come back as it was written.
 */
export function fieldsProgram(readme: string): Program {
  const rows = tableOf(readme, '`fields.`').map((cells) => cells.map(codeOf))
  const head = [
    "import { deepStrictEqual } from 'node:assert'",
    "import { AsyncManager, fields, Model } from 'asynchrormous'",
    "import { dialect, knex } from './shop.ts'",
  ]
  const text = [...head, ...rows.map(([...cells], at) => caseOf(cells, `Row${at}`)), ''].join('\n')
  return { file: 'line-fields.ts', heading: 'Fields and their columns', runs: true, text }
}

function caseOf(
  [field, value, postgresql = '', sqlite = '']: readonly string[],
  name: string,
): string {
  const table = name.toLowerCase()
  const column = (code: string): string => `table.${code.replace("'…'", "'value'")}.notNullable()`
  return `
class ${name} extends Model('${table}', { value: fields.${field} }) {
  static objects = new AsyncManager(${name})
}
await knex.schema.createTable('${table}', (table) => {
  table.increments()
  dialect === 'sqlite' ? ${column(sqlite || postgresql)} : ${column(postgresql)}
})
await ${name}.objects.create({ value: ${value} })
deepStrictEqual((await ${name}.objects.get({ pk: 1 })).value, ${value})`
}
