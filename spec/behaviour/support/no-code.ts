/** A program that writes and reads the same shapes often, and says what it read and what it may not. */

import { connect } from '../../../lib/index.ts'
import { migrate } from '../../support/databases.ts'
import { Author, Book } from './library.ts'

let refusal = 'none'
try {
  new Function('return 1')
} catch (error) {
  refusal = (error as Error).name
}
const db = connect(JSON.parse(process.argv[2] ?? '{}'))
await migrate(db.knex)
const ann = await Author.objects.create({ name: 'Ann' })
for (const pages of [1, 2, 3]) {
  await Book.objects.create({ title: `no ${pages}`, pages, publishedAt: new Date(0), author: ann })
}
const seen: unknown[] = []
for (let round = 0; round < 3; round += 1) {
  const books = await Book.objects.selectRelated('author').filter({ pages__gt: round })
  seen.push([...books].map(({ title, author }) => `${title} by ${author.name}`))
}
await db.close()
console.log(JSON.stringify({ refusal, seen }))
