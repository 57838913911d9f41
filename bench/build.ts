/** Makes plain JavaScript of the library and the benchmarks, as an application would have it. */
import { execFileSync } from 'node:child_process'
import { rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const BENCH = fileURLToPath(new URL('.', import.meta.url))

/** Compiles into `.build/`. Types are the business of `npm run types`. */
export function build(): void {
  rmSync(join(BENCH, '.build'), { recursive: true, force: true })
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve('typescript/package.json')),
    'bin/tsc',
  )
  execFileSync(process.execPath, [tsc, '-p', BENCH, '--noCheck'], { stdio: 'inherit' })
}
