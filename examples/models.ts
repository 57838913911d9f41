/** The demo's models: the world's continents, countries, languages, regions and cities. */
import { AsyncManager, fields, Model, type RelatedManager } from '../lib/index.ts'

const code = fields.char({ maxLength: 2, unique: true })

export class Continent extends Model('continents', {
  code,
  name: fields.char({ maxLength: 50 }),
}) {
  static objects = new AsyncManager(Continent)
  declare readonly countries: RelatedManager<Country>
}

export class Language extends Model('languages', {
  code,
  name: fields.char({ maxLength: 50 }),
  native: fields.char({ maxLength: 50 }),
  isRtl: fields.boolean({ default: false }),
}) {
  static objects = new AsyncManager(Language)
  declare readonly countries: RelatedManager<Country>
}

export class Country extends Model('countries', {
  code,
  name: fields.char({ maxLength: 100 }),
  native: fields.char({ maxLength: 100 }),
  capital: fields.char({ maxLength: 100, null: true }),
  currency: fields.char({ maxLength: 3, null: true }),
  phone: fields.char({ maxLength: 15, null: true }),
  continent: fields.foreignKey(Continent, { onDelete: 'cascade', relatedName: 'countries' }),
  languages: fields.manyToMany(Language, { through: 'CountryLanguage', relatedName: 'countries' }),
}) {
  static objects = new AsyncManager(Country)
  declare readonly regions: RelatedManager<Region>
  declare readonly cities: RelatedManager<City>

  /** The two letters of its code as regional indicators, which terminals show as a flag. */
  get flag(): string {
    return String.fromCodePoint(...[...this.code].map((letter) => letter.charCodeAt(0) + 127_397))
  }
}

/** A country's languages: the rows between the two. */
export class CountryLanguage extends Model('countries_languages', {
  country: fields.foreignKey(Country, { onDelete: 'cascade', relatedName: '+' }),
  language: fields.foreignKey(Language, { onDelete: 'cascade', relatedName: '+' }),
}) {
  static objects = new AsyncManager(CountryLanguage)
}

/** A first-level division of a country: a state, a province, a canton … */
export class Region extends Model('regions', {
  code: fields.char({ maxLength: 20, unique: true }),
  name: fields.char({ maxLength: 100 }),
  country: fields.foreignKey(Country, { onDelete: 'cascade', relatedName: 'regions' }),
}) {
  static objects = new AsyncManager(Region)
  declare readonly cities: RelatedManager<City>
}

export class City extends Model('cities', {
  name: fields.char({ maxLength: 200 }),
  lat: fields.float(),
  lng: fields.float(),
  country: fields.foreignKey(Country, { onDelete: 'cascade', relatedName: 'cities' }),
  region: fields.foreignKey(Region, { onDelete: 'setNull', null: true, relatedName: 'cities' }),
}) {
  static objects = new AsyncManager(City)
}

/** Each after those it refers to. */
export const models = [Continent, Language, Country, CountryLanguage, Region, City] as const
