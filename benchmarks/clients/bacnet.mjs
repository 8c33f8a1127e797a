// Reads every point of a served plant with @bacnet-js/client, writes what it is told to, and prints what it got as JSON.
// node bacnet.mjs FOLDER_WITH_NODE_MODULES TASK.json
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [folder, file] = process.argv.slice(2)
const require = createRequire(`${folder}/`)
const library = require('@bacnet-js/client')
const { ObjectType, PropertyIdentifier, ApplicationTag, ErrorCode } = library
const task = JSON.parse(readFileSync(file, 'utf8'))
const client = new library.default({ port: task.own_port, interface: '127.0.0.1', apduTimeout: 10000 })
const to = { address: task.address }

const typeOf = (point) => ObjectType[point.bacnet.object_type.toUpperCase().replaceAll('-', '_')]
const idOf = (point) => ({ type: typeOf(point), instance: point.bacnet.instance })
const tags = { analog: ApplicationTag.REAL, binary: ApplicationTag.ENUMERATED, multistate: ApplicationTag.UNSIGNED_INTEGER }
const wanted = {
  analog: { value: 'PRESENT_VALUE', label: 'OBJECT_NAME', unit: 'UNITS' },
  binary: { value: 'PRESENT_VALUE', label: 'OBJECT_NAME', inactive: 'INACTIVE_TEXT', active: 'ACTIVE_TEXT' },
  multistate: { value: 'PRESENT_VALUE', label: 'OBJECT_NAME', states: 'STATE_TEXT' }
}

async function readAll (points, atOnce = 12) {
  const result = {}
  for (let k = 0; k < points.length; k += atOnce) {
    const some = points.slice(k, k + atOnce)
    const asked = some.map((p) => ({
      objectId: idOf(p),
      properties: Object.values(wanted[p.kind]).map((name) => ({ id: PropertyIdentifier[name], index: library.ASN1_ARRAY_ALL }))
    }))
    const answer = await client.readPropertyMultiple(to, asked)
    some.forEach((p, i) => {
      const entry = {}
      Object.keys(wanted[p.kind]).forEach((key, j) => {
        const got = answer.values[i].values[j].value.map((v) => v.value)
        entry[key] = key === 'states' ? got : got[0]
      })
      result[p.name] = entry
    })
  }
  return result
}

async function write (step) {
  const point = step.point
  const tag = step.type === 'string' ? ApplicationTag.CHARACTER_STRING : tags[point.kind]
  const value = step.value === 'nan' ? NaN : step.value
  try {
    await client.writeProperty(to, idOf(point), PropertyIdentifier.PRESENT_VALUE, [{ type: tag, value }], { priority: 8 })
    return 'good'
  } catch (error) {
    const code = /Code:(\d+)/.exec(error.message)
    return code ? ErrorCode[Number(code[1])] : error.message
  }
}

const result = { read: await readAll(task.points), written: [] }
for (const step of task.writes) {
  const answer = await write(step)
  let after = null
  if (answer === 'good') {
    const got = await client.readProperty(to, idOf(step.point), PropertyIdentifier.PRESENT_VALUE)
    after = got.values[0].value
  }
  result.written.push({ answer, after })
}
const log = await client.readRange(to, { type: ObjectType.TREND_LOG, instance: 1 }, 1, 5)
result.log = { count: log.itemCount, values: (log.values ?? []).map((r) => r.value) }
result.alarms = (await client.getEventInformation(to)).map((e) => ({ ...e.objectId, state: e.eventState }))
console.log(JSON.stringify(result))
client.close()
