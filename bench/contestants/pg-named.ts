/** The bare driver with named prepared statements: what it can do, and hardly anybody asks of it. */
import { createHash } from 'node:crypto'
import type { Open } from '../contestant.ts'
import { openWith } from './pg.ts'

const names = new Map<string, string>()

export const open: Open = openWith(async (client, text, values) => {
  const { rows } = await client.query({ name: nameOf(text), text, values })
  return rows
})

function nameOf(text: string): string {
  let name = names.get(text)
  if (name === undefined) {
    name = createHash('sha1').update(text).digest('hex')
    names.set(text, name)
  }
  return name
}
