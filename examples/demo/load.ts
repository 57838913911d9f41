/** Loads the atlas through the ORM, once: a second run finds it there. */
import { City, Continent, Country, CountryLanguage, Language, models, Region } from '../models.ts'
import { type Atlas, continents, languages } from './atlas.ts'
import { count, type Output, seconds } from './output.ts'

/** So many rows between two movements of the bar. */
const CHUNK = 10_000

const TITLES: Readonly<Record<string, string>> = {
  Continent: 'continents',
  Language: 'languages',
  Country: 'countries',
  CountryLanguage: "countries' languages",
  Region: 'regions',
  City: 'cities',
}

type Ids = ReadonlyMap<string, number>

/** What this file needs of a model class. */
interface Loadable<Row extends object, Instance> {
  readonly name: string
  readonly objects: { bulkCreate(rows: readonly Row[]): Promise<Instance[]> }
}

/** Fills the tables, unless they hold as many rows as the atlas has. */
export async function loadAtlas(atlas: Atlas, output: Output): Promise<void> {
  const expected = sizesOf(atlas)
  const counts = models.map((model) => model.objects.all().startCount())
  const found = await Promise.all(counts.map((started) => started.count()))
  if (found.every((rows, at) => rows === expected[at])) {
    models.forEach((model, at) => {
      output.step(titleOf(model), count(found[at] ?? 0), 'there already')
    })
    return
  }
  // What an interrupted run, or another version of the packages, has left.
  if (found.some((rows) => rows > 0)) {
    for (const model of [...models].reverse()) await model.objects.all().delete()
  }
  await fill(atlas, output)
}

function titleOf(model: { readonly name: string }): string {
  return TITLES[model.name] ?? model.name
}

/** In the order of `models`. */
function sizesOf({ countries, regions, cities }: Atlas): number[] {
  const spoken = countries.reduce((sum, country) => sum + country.languages.length, 0)
  return [
    Object.keys(continents).length,
    Object.keys(languages).length,
    countries.length,
    spoken,
    regions.length,
    cities.length,
  ]
}

async function fill(atlas: Atlas, output: Output): Promise<void> {
  const continentIds = await createCoded(Continent, continentRows(), output)
  const languageIds = await createCoded(Language, languageRows(), output)
  const countryIds = await createCoded(Country, countryRows(atlas, continentIds), output)
  await create(CountryLanguage, spokenRows(atlas, countryIds, languageIds), output)
  const regionIds = await createCoded(Region, regionRows(atlas, countryIds), output)
  await create(City, cityRows(atlas, countryIds, regionIds), output)
}

/** Creates rows that have a code; which code got which id. */
async function createCoded<Row extends object, Instance extends { code: string; id: number }>(
  model: Loadable<Row, Instance>,
  rows: readonly Row[],
  output: Output,
): Promise<Ids> {
  const ids = new Map<string, number>()
  await create(model, rows, output, ({ code, id }) => ids.set(code, id))
  return ids
}

async function create<Row extends object, Instance>(
  model: Loadable<Row, Instance>,
  rows: readonly Row[],
  output: Output,
  eachCreated: (instance: Instance) => void = () => {},
): Promise<void> {
  const title = titleOf(model)
  const startedAt = performance.now()
  for (let at = 0; at < rows.length; at += CHUNK) {
    output.progress(title, at, rows.length)
    for (const one of await model.objects.bulkCreate(rows.slice(at, at + CHUNK))) eachCreated(one)
  }
  output.step(title, count(rows.length), `loaded in ${seconds(performance.now() - startedAt)}`)
}

function idOf(ids: Ids, code: string): number {
  const id = ids.get(code)
  if (id === undefined) throw new Error(`The data refer to '${code}', which they do not have.`)
  return id
}

function continentRows() {
  return Object.entries(continents).map(([code, name]) => ({ code, name }))
}

function languageRows() {
  return Object.entries(languages).map(([code, { name, native, rtl }]) => {
    return { code, name, native, isRtl: rtl === 1 }
  })
}

/** The first currency and phone prefix of several; '' is how the package says that there is none. */
function countryRows({ countries }: Atlas, continentIds: Ids) {
  return countries.map(({ code, name, native, capital, currency, phone, continent }) => ({
    code,
    name,
    native,
    capital: capital || null,
    currency: currency[0] ?? null,
    phone: phone[0] === undefined ? null : `+${phone[0]}`,
    continentId: idOf(continentIds, continent),
  }))
}

function spokenRows({ countries }: Atlas, countryIds: Ids, languageIds: Ids) {
  return countries.flatMap(({ code, languages: spoken }) =>
    spoken.map((language) => ({
      countryId: idOf(countryIds, code),
      languageId: idOf(languageIds, language),
    })),
  )
}

function regionRows({ regions }: Atlas, countryIds: Ids) {
  return regions.map(({ code, name }) => {
    return { code, name, countryId: idOf(countryIds, code.slice(0, 2)) }
  })
}

/** A few cities name a region that GeoNames does not list. */
function cityRows({ cities }: Atlas, countryIds: Ids, regionIds: Ids) {
  return cities.map(({ name, lat, lng, country, admin1 }) => ({
    name,
    lat: Number(lat),
    lng: Number(lng),
    countryId: idOf(countryIds, country),
    regionId: regionIds.get(`${country}.${admin1}`) ?? null,
  }))
}
