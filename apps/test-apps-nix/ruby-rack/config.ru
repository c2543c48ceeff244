# A small web app that shows what a worker sees.

PLAIN = { "content-type" => "text/plain; charset=utf-8" }.freeze

run lambda { |env|
  case env["PATH_INFO"]
  when "/"
    [200, PLAIN, ["#{ENV.fetch("GREETING", "Hello")} from Ruby, this is #{ENV.fetch("HOP3_RELEASE", "no release")}\n"]]
  when "/healthz"
    [200, PLAIN, ["ok\n"]]
  when "/gems"
    [200, PLAIN, [Gem.loaded_specs.values.map { |spec| "#{spec.name} #{spec.version}\n" }.sort.join]]
  else
    [404, PLAIN, ["nothing at #{env["PATH_INFO"]}\n"]]
  end
}
