/**
 * `npm run demo`: the world's cities, and a page whose queries run in the background; on a SQLite
 * file, or on PostgreSQL where DATABASE_URL is set.
 *
 * The data: cities and regions by GeoNames (https://www.geonames.org), CC BY 4.0; continents,
 * countries and languages by countries-list, MIT.
 */
import knexfile, { environment } from '../knexfile.ts'
import { readAtlas } from './demo/atlas.ts'
import { Output } from './demo/output.ts'
import { playDemo } from './demo/play.ts'

process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  // Whoever reads through a pipe may have seen enough: `npm run demo | head`.
  if (error.code !== 'EPIPE') throw error
  process.exit()
})

await playDemo(knexfile[environment], readAtlas(), new Output(process.stdout))
