# Sets event_id to what is the same for the same line: sent again by the same sender, with the same time or within the same minute.
require 'digest'

def filter(event)
  # A hash has its keys in any order.
  sorted = lambda do |value|
    case value
    when Hash then value.sort.map { |key, part| [key, sorted.call(part)] }
    when Array then value.map(&sorted)
    else value
    end
  end
  content = event.to_hash.reject { |key, _| key.start_with?('@') }
  origin = event.get('[@metadata][input][tcp][source][ip]')
  minute = event.get('@timestamp').to_i / 60
  event.set('event_id', Digest::SHA256.hexdigest([sorted.call(content), origin, minute].inspect))
  [event]
end
