/** The same nested loop over related rows, with the rows loaded in several ways. */
import type { Database } from '../../lib/index.ts'
import { Continent } from '../models.ts'
import type { Output } from './output.ts'

export const relatedTitle = '5. A loop in a loop: continents, their countries, their languages'

const continents = Continent.objects.orderBy('name')

/** A way to load the continents; the loop is the same for all. */
interface Way {
  readonly title: string
  readonly load: () => PromiseLike<readonly Continent[]>
}

const ways: readonly Way[] = [
  { title: "each by itself: fetchMode('one')", load: () => continents.fetchMode('one') },
  { title: 'as it is written, with peers', load: () => continents.all() },
  { title: 'prefetchRelated()', load: () => continents.prefetchRelated('countries__languages') },
]

/** What a template would do, without a thought of queries. */
async function describe(rows: readonly Continent[]): Promise<string[]> {
  const lines: string[] = []
  for (const continent of rows) {
    for (const country of await continent.countries.all()) {
      const languages = await country.languages.all()
      const spoken = languages.map(({ name }) => name).join(', ')
      // A country that was asked of a continent knows it: that is no query.
      lines.push(`${country.name}, ${(await country.continent).name}: ${spoken}`)
    }
  }
  return lines
}

/** Shows how many queries each way needs for the same lines. */
export async function showRelated(database: Database, output: Output): Promise<void> {
  let queries = 0
  const onQuery = (): void => {
    queries += 1
  }
  database.knex.on('query', onQuery)
  try {
    for (const { title, load } of ways) {
      queries = 0
      const beganAt = performance.now()
      const { length } = await describe(await load())
      const tookMs = Math.round(performance.now() - beganAt)
      const cost = `${String(queries).padStart(4)} queries, ${tookMs} ms`
      output.line(`  ${title.padEnd(34)} ${String(length).padStart(4)} countries ${cost}`)
    }
  } finally {
    database.knex.off('query', onQuery)
  }
}
