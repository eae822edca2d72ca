// Reads a run with npm's `eventsource`, as a page would: says each message, each loss of the connection, and the end, as lines of JSON.
import { EventSource } from 'eventsource'

const say = (line) => console.log(JSON.stringify(line))
const source = new EventSource(process.argv[2])
source.onmessage = ({ lastEventId, data }) => say({ id: lastEventId, data: JSON.parse(data) })
source.onerror = ({ code }) => {
  say(source.readyState === EventSource.CLOSED ? { closed: code } : { lost: true })
}
