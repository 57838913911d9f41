/** README.md's table of fields as a program. */
import type { Program } from './programs.ts'
import { codeOf, tableOf } from './readme.ts'

/**
 * A program that has a model for each row, makes the column the row names for the database it runs
 * on, and expects the row's value to come back as it was written; only on PostgreSQL where the row
 * says that there is no such column elsewhere.
 */
export function fieldsProgram(readme: string): Program {
  const rows = tableOf(readme, '`fields.`')
  const head = [
    "import { deepStrictEqual } from 'node:assert'",
    "import { AsyncManager, fields, Model } from 'asynchrormous'",
    "import { dialect, knex } from './shop.ts'",
  ]
  const cases = rows.map((cells, at) => {
    const code = caseOf(cells.map(codeOf), `Row${at}`)
    return cells[3] === 'none' ? `if (dialect !== 'sqlite') {${code}\n}` : code
  })
  const text = [...head, ...cases, ''].join('\n')
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
