// Reads every point of a served plant with node-opcua-client, writes what it is told to, and prints what it got as JSON.
// node opcua.mjs FOLDER_WITH_NODE_MODULES TASK.json
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'

const [folder, file] = process.argv.slice(2)
const shown = console.log
console.log = console.warn = console.info = () => {} // the library speaks on the standard output
const require = createRequire(`${folder}/`)
const { OPCUAClient, MessageSecurityMode, SecurityPolicy, UserTokenType, AttributeIds, DataType } = require('node-opcua-client')
const task = JSON.parse(readFileSync(file, 'utf8'))

const types = { analog: DataType.Double, binary: DataType.Boolean, multistate: DataType.UInt32 }
const nodeOf = (point) => `ns=2;s=${point.opcua.node}`
const open = { securityMode: MessageSecurityMode.None, securityPolicy: SecurityPolicy.None }
const secure = { securityMode: MessageSecurityMode.SignAndEncrypt, securityPolicy: SecurityPolicy.Basic256Sha256 }

async function session (security, user, work) {
  const client = OPCUAClient.create({
    ...security, endpointMustExist: false, keepSessionAlive: false, connectionStrategy: { maxRetry: 0 }, requestedSessionTimeout: 60000
  })
  await client.connect(task.url)
  try {
    const one = await client.createSession(user)
    try { return await work(one) } finally { await one.close() }
  } finally { await client.disconnect() }
}

async function readAll (one) {
  const result = {}
  for (let k = 0; k < task.points.length; k += 100) {
    const some = task.points.slice(k, k + 100)
    const values = await one.read(some.map((p) => ({ nodeId: nodeOf(p), attributeId: AttributeIds.Value })))
    some.forEach((p, i) => { result[p.name] = { value: values[i].value.value, status: values[i].statusCode.name } })
    for (const p of some) {
      const found = await one.browse({ nodeId: nodeOf(p), referenceTypeId: 'HasProperty', browseDirection: 0, resultMask: 63 })
      const held = await one.read(found.references.map((r) => ({ nodeId: r.nodeId, attributeId: AttributeIds.Value })))
      found.references.forEach((r, i) => {
        const value = held[i].value.value
        const key = r.browseName.name
        if (key === 'EngineeringUnits') result[p.name].unit = value.unitId
        if (key === 'EURange') result[p.name].range = [value.low, value.high]
        if (key === 'TrueState' || key === 'FalseState') result[p.name][key] = value.text
        if (key === 'EnumValues') result[p.name].states = value.map((v) => v.displayName.text)
      })
    }
  }
  return result
}

async function writeAll (one) {
  const result = []
  for (const step of task.writes) {
    const dataType = step.type === 'string' ? DataType.String : types[step.point.kind]
    const wanted = step.value === 'nan' ? NaN : step.point.kind === 'binary' ? Boolean(step.value) : step.value
    const value = { value: { dataType, value: wanted } }
    const answer = (await one.write({ nodeId: nodeOf(step.point), attributeId: AttributeIds.Value, value })).name
    const after = answer === 'Good' ? (await one.read({ nodeId: nodeOf(step.point), attributeId: AttributeIds.Value })).value.value : null
    result.push({ answer, after })
  }
  return result
}

const operator = { type: UserTokenType.UserName, userName: task.user, password: task.password }
const anonymous = { type: UserTokenType.Anonymous }
const refused = async (security, user) => {
  try { await session(security, user, async () => null); return 'let in' } catch (error) {
    return /Bad\w+/.exec(error.message)?.[0] ?? error.message
  }
}

const result = {}
result.read = await session(secure, operator, readAll)
result.written = await session(secure, operator, writeAll)
result.anonymous_read = Object.keys(await session(open, anonymous, readAll)).length
result.anonymous_written = (await session(open, anonymous, writeAll)).map((w) => w.answer)
result.stranger = await refused(secure, { ...operator, password: `${task.password} not` })
shown(JSON.stringify(result))
process.exit(0)
